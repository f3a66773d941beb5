import { SaxesParser } from 'saxes'
import type { XmlPlace, XmlRows } from '../../src/config/config.ts'
import { type FieldValue, unreadable } from '../../src/mask/language.ts'
import type { RowPlan } from '../../src/stages/filter/row-plan.ts'
import { textValue } from '../../src/stages/filter/text-value.ts'

interface Element {
  readonly kind: 'element'
  readonly name: string
  readonly attributes: readonly (readonly [string, string])[]
  readonly children: readonly Child[]
}

type Child = Element | { readonly kind: 'text' | 'cdata' | 'comment' | 'instruction'; readonly text: string }

interface Document {
  readonly root: Element
  /** Something but white space stands in front of the root. */
  readonly preceded: boolean
}

interface Expected {
  /** In canonical form; undefined = refused. */
  readonly text: string | undefined
  readonly counts: { rows: number; withheld: number; fieldsWithheld: number; violations: number }
}

class Refused extends Error {}

/** A whole document read at once into a tree; undefined = not of the one kind that is read. */
export function parseDocument(bytes: Uint8Array, maxDepth: number): Document | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (text.startsWith('\ufeff')) return undefined
    return read(text, maxDepth)
  } catch {
    return undefined
  }
}

function read(text: string, maxDepth: number): Document | undefined {
  const parser = new SaxesParser()
  const top: Child[] = []
  const open: Child[][] = [top]
  const add = (child: Child): void => void open.at(-1)?.push(child)
  let refused = false
  parser.on('xmldecl', ({ version, encoding }) => {
    refused ||= version !== '1.0' || (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
  })
  parser.on('doctype', () => {
    refused = true
  })
  parser.on('text', (content) => add({ kind: 'text', text: content }))
  parser.on('cdata', (content) => add({ kind: 'cdata', text: content }))
  parser.on('comment', (content) => add({ kind: 'comment', text: content }))
  parser.on('processinginstruction', ({ target }) => add({ kind: 'instruction', text: target }))
  parser.on('opentag', ({ name, attributes }) => {
    const children: Child[] = []
    add({ kind: 'element', name, attributes: Object.entries(attributes), children })
    open.push(children)
    refused ||= open.length - 1 > maxDepth
  })
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  const root = top.find((child) => child.kind === 'element')
  if (refused || root === undefined) return undefined
  return { root, preceded: top.slice(0, top.indexOf(root)).some((child) => !isBlank(child)) }
}

export function expectXml(plan: RowPlan, xml: XmlRows, bytes: Uint8Array): Expected {
  const judge = new Judge(plan, xml)
  try {
    const document = parseDocument(bytes, plan.limits.maxDepth)
    if (document === undefined || (plan.strict && document.preceded)) throw new Refused()
    return { text: judge.outer(document.root, []), counts: judge.counts }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { text: undefined, counts: judge.counts }
  }
}

/** Without white space and comments beside the rows, without comments in them. */
export function canonical(xml: XmlRows, root: Element): string {
  const write = (element: Element, path: readonly string[]): string => {
    const here = [...path, element.name]
    if ([...xml.at, ...xml.keep].some((rule) => same(rule, here))) return whole(element)
    const inside = element.children.map((child) => (child.kind === 'element' ? write(child, here) : ''))
    return tagged(element, element.attributes, inside.join(''))
  }
  return write(root, [])
}

/** Text as it is read; a section is told from text. */
function whole(element: Element): string {
  const inside = element.children.map((child) => (child.kind === 'element' ? whole(child) : leaf(child)))
  return tagged(element, element.attributes, inside.join(''))
}

function leaf({ kind, text }: Exclude<Child, Element>): string {
  if (kind === 'text') return escape(text)
  return kind === 'cdata' ? `[${escape(text)}]` : ''
}

function tagged({ name }: Element, attributes: Element['attributes'], inside: string): string {
  return `<${name}${attributes.map(([key, value]) => ` ${key}="${escape(value)}"`).join('')}>${inside}</>`
}

function escape(text: string): string {
  return text.replaceAll(/[<>&"[\]\\]/gu, '\\$&')
}

interface Rule extends XmlPlace {
  readonly slot: number | undefined
}

class Judge {
  readonly counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  readonly #plan: RowPlan
  readonly #xml: XmlRows
  readonly #rules: readonly Rule[]
  #violated = false
  #values: FieldValue[] = []

  constructor(plan: RowPlan, xml: XmlRows) {
    this.#plan = plan
    this.#xml = xml
    const place = (field: { readonly name: string; readonly path: readonly string[] }): XmlPlace =>
      xml.fields.get(field.name) ?? { path: field.path, attribute: undefined }
    this.#rules = [
      // What leads through a list is not read at all.
      ...plan.predicate.reads
        .map((field, slot) => ({ ...place(field), slot }))
        .filter(({ path }) => !path.includes('*')),
      ...plan.withhold.map((field) => ({ ...place(field), slot: undefined })),
    ]
  }

  outer(element: Element, path: readonly string[]): string {
    const here = [...path, element.name]
    const { at, keep } = this.#xml
    if (at.some((rule) => same(rule, here))) return this.#row(element) ?? ''
    if (keep.some((rule) => same(rule, here))) {
      if (!hasInstruction(element)) return whole(element)
      if (path.length === 0) throw new Refused()
      return ''
    }
    if (![...at, ...keep].some((rule) => here.every((name, i) => rule[i] === name))) {
      if (path.length === 0 || this.#plan.strict) throw new Refused()
      return ''
    }
    const spaces = element.attributes.filter(([name]) => /^xmlns(?::|$)/u.test(name))
    const others = element.children.filter((child) => child.kind !== 'element')
    if (this.#plan.strict && (spaces.length < element.attributes.length || !others.every(isBlank))) throw new Refused()
    const inside = element.children.map((child) => (child.kind === 'element' ? this.outer(child, here) : ''))
    return tagged(element, spaces, inside.join(''))
  }

  #row(element: Element): string | undefined {
    this.counts.rows++
    this.#violated = hasInstruction(element)
    this.#values = this.#plan.predicate.reads.map(({ path }) => (path.includes('*') ? unreadable : undefined))
    this.#look(element, this.#rules, 0)
    if (this.#violated) this.counts.violations++
    if (!this.#violated && this.#plan.predicate.test(this.#values)) return this.#without(element, this.#withheld(), 0)
    this.counts.withheld++
    if (this.#plan.onViolation === 'block') throw new Refused()
    return undefined
  }

  #withheld(): readonly Rule[] {
    return this.#rules.filter(({ slot }) => slot === undefined)
  }

  /** `rules` are those whose path leads to this element, `depth` names deep. */
  #look(element: Element, rules: readonly Rule[], depth: number): void {
    const next = rules.filter(({ path }) => path.length > depth)
    const here = rules.filter(({ path }) => path.length === depth)
    const children = next.map(({ path }) => path[depth] ?? '').filter((token) => token !== '*')
    const attributes = here.flatMap(({ attribute }) => attribute ?? [])
    const ruled = [...children, ...attributes, ...rules.flatMap((rule) => behindStars(rule, depth))]
    const elements = element.children.filter((child) => child.kind === 'element')
    for (const [name] of element.attributes) if (!attributes.includes(name)) this.#rejectTwin(name, ruled)
    for (const { name } of elements) if (!children.includes(name)) this.#rejectTwin(name, ruled)
    for (const name of children) if (elements.filter((each) => each.name === name).length > 1) this.#violated = true
    this.#readAttributes(element, here)
    const read = here.filter(({ slot, attribute }) => slot !== undefined && attribute === undefined)
    if (read.length > 0) return this.#readText(element, read)
    for (const child of elements) {
      const below = next.filter(({ path }) => path[depth] === child.name || path[depth] === '*')
      if (below.length > 0) this.#look(child, below, depth + 1)
    }
  }

  #rejectTwin(name: string, ruled: readonly string[]): void {
    if (name.split(':').length > 2 || ruled.some((each) => alike(local(each), local(name)))) this.#violated = true
  }

  #readAttributes(element: Element, here: readonly Rule[]): void {
    for (const { slot, attribute } of here) {
      const found = element.attributes.find(([name]) => name === attribute)
      if (slot !== undefined && found !== undefined) this.#set(slot, found[1])
    }
  }

  #readText(element: Element, read: readonly Rule[]): void {
    if (element.children.some(({ kind }) => kind !== 'text' && kind !== 'cdata')) this.#violated = true
    if (element.children.length > 1) this.#violated = true
    const [only] = element.children
    const text = only === undefined || only.kind === 'element' ? '' : only.text
    const isNil = element.attributes.some(([name]) => alike(local(name), 'nil'))
    for (const { slot } of read) {
      if (slot === undefined) continue
      if (isNil) this.#values[slot] = unreadable
      else this.#set(slot, text)
    }
  }

  #set(slot: number, text: string): void {
    const type = this.#plan.predicate.reads[slot]?.type ?? 'string[]'
    this.#values[slot] = textValue(type, text)
  }

  #without(element: Element, rules: readonly Rule[], depth: number): string {
    const emptied = this.#plan.withheldAs === 'null'
    const hidden = (name: string): boolean =>
      rules.some((rule) => rule.path.length === depth && rule.attribute === name)
    const attributes = element.attributes.flatMap(([name, value]) => {
      if (!hidden(name)) return [[name, value] as const]
      this.counts.fieldsWithheld++
      return emptied ? [[name, ''] as const] : []
    })
    const inside = element.children.map((child, at) => {
      if (child.kind !== 'element') {
        const trims = !emptied && this.#goes(element.children[at + 1], rules, depth)
        return leaf(trims ? trimmed(child) : child)
      }
      const below = rules.filter(({ path }) => path[depth] === child.name || path[depth] === '*')
      if (!this.#goes(child, rules, depth)) return this.#without(child, below, depth + 1)
      this.counts.fieldsWithheld++
      return emptied ? tagged(child, [], '') : ''
    })
    return tagged(element, attributes, inside.join(''))
  }

  #goes(child: Child | undefined, rules: readonly Rule[], depth: number): boolean {
    if (child?.kind !== 'element') return false
    return rules.some(
      ({ path, attribute }) =>
        attribute === undefined && path.length === depth + 1 && (path[depth] === child.name || path[depth] === '*'),
    )
  }
}

/** Removed elements take the white space before them along. */
function trimmed(child: Exclude<Child, Element>): Exclude<Child, Element> {
  return child.kind === 'text' ? { kind: 'text', text: child.text.replace(/[ \t\r\n]+$/u, '') } : child
}

/** What stands behind the `*` that come next: such a name in place of an element of the list is another shape. */
function behindStars({ path, attribute }: Rule, depth: number): readonly string[] {
  const rest = path.slice(depth)
  const stars = rest.findIndex((token) => token !== '*')
  if (rest[0] !== '*') return []
  return [stars < 0 ? attribute : rest[stars]].filter((name) => name !== undefined)
}

function hasInstruction({ children }: Element): boolean {
  return children.some((child) => (child.kind === 'element' ? hasInstruction(child) : child.kind === 'instruction'))
}

function isBlank(child: Child): boolean {
  return child.kind === 'text' && /^[ \t\r\n]*$/u.test(child.text)
}

function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}

function alike(left: string, right: string): boolean {
  return new RegExp(`^${left.replace(/[\\^$.*+?()[\]{}|/-]/gu, '.')}$`, 'iu').test(right)
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, at) => right[at] === name)
}
