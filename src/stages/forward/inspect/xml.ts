import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { type Finding, type FindingPlace, type FindingRule, finding } from './finding.ts'
import type { Inspection } from './inspection.ts'
import { nameFault } from './names.ts'

const maxDepth = 64
const maxAttributes = 256
const parserOptions = { xmlns: false, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true } as const

const beginsDeclaration = /^<\?xml[ \t\r\n]/
/** XML 1.0 section 2.8, for the one version and the one encoding that are read. */
const declaration =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>/

/**
 * Inspects a text that has to be XML, and well formed. What reads like a DOCTYPE is refused before anything is parsed,
 * also where a reader would have to make a mistake to see it.
 */
export function inspectXml(text: string, inspection: Inspection, where: FindingPlace): Finding | undefined {
  if (/<!doctype/i.test(text)) return finding('doctype', where)
  if (beginsDeclaration.test(text) && !declaration.test(text)) return finding('charset', where)
  const rule = new XmlInspection(inspection).read(text)
  return rule === undefined ? undefined : finding(rule, where)
}

/** An open element that names a tenant, or stands in one that does. */
interface NamedElement {
  text: string
  /** Texts, and whatever stands between them: some readers take the first piece, some all. */
  pieces: number
  children: number
}

class XmlInspection {
  readonly #inspection: Inspection
  readonly #parser = new SaxesParser(parserOptions)
  /** Innermost last. */
  readonly #named: NamedElement[] = []
  #depth = 0
  #found: FindingRule | undefined

  constructor(inspection: Inspection) {
    this.#inspection = inspection
    this.#parser.on('opentag', (tag) => this.#open(tag))
    this.#parser.on('closetag', () => this.#close())
    this.#parser.on('text', (text) => this.#text(text))
    this.#parser.on('cdata', (text) => this.#text(text))
    this.#parser.on('comment', () => this.#text(''))
    this.#parser.on('processinginstruction', () => {
      if (inspection.profile !== 'raw') this.#found ??= 'processing-instruction'
    })
  }

  read(text: string): FindingRule | undefined {
    try {
      this.#parser.write(text).close()
    } catch (error) {
      // The parser throws nothing but plain errors.
      if (error instanceof Error && error.constructor === Error) return this.#found ?? 'unreadable'
      throw error
    }
    return this.#found
  }

  #open({ name, attributes }: SaxesTagPlain): void {
    this.#depth += 1
    if (this.#depth > maxDepth) this.#found ??= 'too-deep'
    const outer = this.#named.at(-1)
    if (outer !== undefined) outer.children += 1
    const named = outer !== undefined || this.#inspection.tenants.has(name)
    if (named) this.#named.push({ text: '', pieces: 0, children: 0 })
    this.#found ??= this.#nameFault(name) ?? this.#attributesFault(attributes, named)
  }

  /** Readers that make objects of documents have had their prototypes polluted (CVE-2023-0842). */
  #nameFault(name: string): FindingRule | undefined {
    return this.#inspection.profile === 'raw' ? undefined : nameFault(name, this.#inspection.keys)
  }

  #attributesFault(attributes: Readonly<Record<string, string>>, named: boolean): FindingRule | undefined {
    const { tenants, tenant, profile } = this.#inspection
    const entries = Object.entries(attributes)
    if (entries.length > maxAttributes && profile !== 'raw') return 'too-many'
    for (const [name, value] of entries) {
      if (value === 'http://www.w3.org/2001/XInclude' && profile !== 'raw') return 'xinclude'
      if (isAboutXml(name)) continue
      if (value !== tenant && (named || tenants.has(name))) return 'tenant'
      const fault = this.#nameFault(name)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #text(text: string): void {
    const element = this.#named.at(-1)
    if (element === undefined) return
    element.text += text
    element.pieces += 1
  }

  #close(): void {
    this.#depth -= 1
    const element = this.#named.pop()
    if (element === undefined) return
    const isBlank = element.children > 0 && element.text.trim() === ''
    const isTenant = element.pieces === 1 && element.text === this.#inspection.tenant
    if (!isBlank && !isTenant) this.#found ??= 'tenant'
  }
}

function isAboutXml(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xml:') || name === 'xsi:type'
}
