import { SaxesParser, type SaxesTagPlain } from 'saxes'
import type { XmlRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import { ByteStore } from './byte-store.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { rewriteTag } from './xml-cuts.ts'
import { XmlRow } from './xml-row.ts'
import { type OuterNode, xmlTree } from './xml-tree.ts'
import { XmlWindow } from './xml-window.ts'

/** Names are compared as written; a declaration does not change how the rest is read. */
const parserOptions = { xmlns: false, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true } as const

const beginsDeclaration = /^<\?xml[ \t\r\n]/
/** XML 1.0 section 2.8, for the one version and the one encoding that are read. */
const declaration =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>/

/**
 * Filters one XML document that comes in pieces; the borders between them change nothing.
 *
 * Refused: a DOCTYPE, other entities than the predefined five, XML 1.1, anything but UTF-8, a byte order mark, a root
 * that no path names, deeper nesting than the plan allows, and more than a row's bytes in a row, in a kept element, or
 * between two tags outside. Outside the rows only the elements that lead to rows or kept elements stay, without text
 * and without attributes but namespace declarations; names are compared as written. Comments and processing
 * instructions never go out. A row or kept element that goes out takes the white space before it along.
 */
export class XmlRowFilter implements RowFilter {
  readonly #plan: RowPlan
  readonly #parser = new SaxesParser(parserOptions)
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #window = new XmlWindow()
  readonly #row: XmlRow
  readonly #held: ByteStore | undefined
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #out = ''
  readonly #onText = (text: string): void => this.#row.text(text)
  #open = true
  #depth = 0
  /** The innermost open element outside the rows that is not dropped. */
  #node: OuterNode
  /** Of an element that is dropped; 0 = none is open. */
  #droppedDepth = 0
  /** Of the row or kept element that is open; 0 = none is. */
  #innerDepth = 0
  #innerRole: 'row' | 'keep' = 'row'
  #innerStart = 0
  /** Where the white space before it begins. */
  #innerGap = 0
  /** End of the last tag outside of rows and kept elements. */
  #last = 0

  /** `hold` = nothing goes out before the end, whatever the plan says. */
  constructor(plan: RowPlan, xml: XmlRows, hold = false) {
    const tree = xmlTree(plan, xml)
    this.#plan = plan
    this.#node = tree.top
    this.#held = hold || plan.onViolation === 'block' ? new ByteStore(plan.limits.maxBlockBytes) : undefined
    this.#row = new XmlRow(plan, tree, (wanted) => {
      if (wanted) this.#parser.on('text', this.#onText)
      else this.#parser.off('text')
    })
    this.#subscribe()
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.#row.rules }
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    this.#write(this.#decode(chunk))
    this.#open = true
    if (this.#held === undefined) return this.#take()
    this.#hold(this.#held)
    return undefined
  }

  end(): Uint8Array | undefined {
    this.#enter()
    this.#write(this.#decode(undefined))
    this.#parse(() => this.#parser.close())
    if (this.#held === undefined) return this.#take()
    this.#hold(this.#held)
    return this.#held.take()
  }

  /**
   * Text is asked for where a rule reads it, and nowhere else: so it does not gather. One kind of event more, and the
   * engine turns the parser into a dictionary, which makes it five times slower.
   */
  #subscribe(): void {
    const parser = this.#parser
    parser.on('opentag', (tag) => this.#opened(tag))
    parser.on('closetag', (tag) => this.#closed(tag))
    parser.on('text', this.#onText)
    parser.off('text')
    parser.on('cdata', (text) => {
      if (this.#innerDepth > 0) this.#row.text(text)
    })
    // Told at its last hyphens; what follows can only be `>`.
    parser.on('comment', () => {
      if (this.#innerDepth > 0) this.#row.comment(parser.position + 1 - this.#innerStart)
    })
    parser.on('processinginstruction', () => {
      if (this.#innerDepth > 0) this.#row.instruction()
    })
    parser.on('doctype', () => {
      throw unreadable('the answer has a DOCTYPE')
    })
  }

  #decode(chunk: Uint8Array | undefined): string {
    try {
      return chunk === undefined ? this.#decoder.decode() : this.#decoder.decode(chunk, { stream: true })
    } catch (cause) {
      throw new ProxyError('ERR_ANSWER_UNREADABLE', 'the answer is no UTF-8', { cause })
    }
  }

  #write(piece: string): void {
    if (this.#window.end === 0 && piece.startsWith('\ufeff'))
      throw unreadable('the answer begins with a byte order mark')
    this.#window.add(piece)
    this.#parse(() => this.#parser.write(piece))
    this.#bound(this.#innerDepth > 0 ? this.#innerStart : this.#last, this.#window.end)
    if (this.#innerDepth > 0) this.#window.forget(this.#innerGap)
    else this.#window.forget(this.#droppedDepth > 0 ? this.#window.end : this.#last)
  }

  #parse(step: () => unknown): void {
    try {
      step()
    } catch (error) {
      // The parser throws nothing but plain errors, whose messages may quote the document.
      if (error instanceof Error && error.constructor === Error) throw unreadable('the answer is no XML')
      throw error
    }
  }

  /** A UTF-16 unit is one byte at least. */
  #bound(start: number, end: number): void {
    if (end - start > this.#plan.limits.maxRowBytes) throw this.#tooLarge()
  }

  #tooLarge(): ProxyError {
    return new ProxyError('ERR_ANSWER_TOO_LARGE', `a row or gap of more than ${this.#plan.limits.maxRowBytes} bytes`)
  }

  /** The XML declaration, if there is one; `start` is where the root begins. */
  #openDocument(start: number): void {
    const prolog = this.#window.slice(0, start)
    if (!beginsDeclaration.test(prolog)) return
    const [text] = declaration.exec(prolog) ?? []
    if (text === undefined) throw unreadable('the answer is no XML 1.0 in UTF-8')
    this.#out += text
    this.#last = text.length
  }

  #opened(tag: SaxesTagPlain): void {
    this.#depth++
    if (this.#depth > this.#plan.limits.maxDepth) throw unreadable('the answer is nested too deep')
    const end = this.#parser.position
    if (this.#innerDepth > 0) return this.#row.open(tag, end - this.#innerStart)
    this.#bound(this.#last, end)
    if (this.#droppedDepth === 0) this.#openOuter(tag, end)
    this.#last = end
  }

  #openOuter(tag: SaxesTagPlain, end: number): void {
    const node = this.#node.children.get(tag.name)
    if (node === undefined) return this.#drop()
    const start = this.#window.tagStart(end)
    if (this.#depth === 1) this.#openDocument(start)
    const gap = this.#gap(start)
    if (node.role === 'path') return this.#openPath(node, gap, start, end)
    this.#innerDepth = this.#depth
    this.#innerRole = node.role
    this.#innerStart = start
    this.#innerGap = gap
    this.#row.begin(node.role, tag, end - start)
  }

  /** An element that nothing declares. */
  #drop(): void {
    if (this.#depth === 1) throw new ProxyError('ERR_ANSWER_SHAPE', 'the root is not the declared one')
    this.#refuseStrict()
    this.#droppedDepth = this.#depth
  }

  /** Where the white space before `start` begins; what else stands since the last tag does not go out. */
  #gap(start: number): number {
    const gap = Math.max(this.#last, this.#window.gapStart(start))
    if (gap !== this.#last) this.#refuseStrict()
    return gap
  }

  #openPath(node: OuterNode, gap: number, start: number, end: number): void {
    this.#node = node
    this.#out += this.#window.slice(gap, start)
    this.#out += rewriteTag(this.#window.slice(start, end), (name) => {
      if (name === 'xmlns' || name.startsWith('xmlns:')) return 'keep'
      this.#refuseStrict()
      return 'drop'
    })
  }

  #refuseStrict(): void {
    if (this.#plan.strict) throw new ProxyError('ERR_ANSWER_SHAPE', 'the answer holds more than was declared')
  }

  #closed(tag: SaxesTagPlain): void {
    const depth = this.#depth--
    const end = this.#parser.position
    if (this.#innerDepth > 0) {
      this.#row.close(end - this.#innerStart)
      if (depth > this.#innerDepth) return
      this.#settle(end)
      this.#innerDepth = 0
    } else {
      this.#bound(this.#last, end)
      if (this.#droppedDepth === 0) this.#closePath(tag, end)
      else if (depth === this.#droppedDepth) this.#droppedDepth = 0
    }
    this.#last = end
  }

  #closePath(tag: SaxesTagPlain, end: number): void {
    this.#node = this.#node.parent ?? this.#node
    if (tag.isSelfClosing) return
    const start = this.#window.tagStart(end)
    this.#out += this.#window.slice(this.#gap(start), end)
  }

  #settle(end: number): void {
    const source = this.#window.slice(this.#innerStart, end)
    const { maxRowBytes } = this.#plan.limits
    if (source.length * 3 > maxRowBytes && Buffer.byteLength(source) > maxRowBytes) throw this.#tooLarge()
    const goes = this.#innerRole === 'row' ? this.#judge() : !this.#row.violated
    if (!goes && this.#innerDepth === 1) throw new ProxyError('ERR_ANSWER_VIOLATION', 'the root cannot be kept whole')
    if (!goes) return
    this.#out += this.#window.slice(this.#innerGap, this.#innerStart) + this.#row.released(source)
  }

  /** Whether the row goes out. */
  #judge(): boolean {
    const row = this.#row
    this.#counts.rows++
    if (row.judge()) {
      this.#counts.fieldsWithheld += row.fieldsWithheld
      return true
    }
    this.#counts.withheld++
    if (row.violated) this.#counts.violations++
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', 'a row is not permitted')
    return false
  }

  #take(): Uint8Array | undefined {
    if (this.#out === '') return undefined
    const bytes = Buffer.from(this.#out)
    this.#out = ''
    return bytes
  }

  #hold(store: ByteStore): void {
    const bytes = Buffer.from(this.#out)
    this.#out = ''
    store.append(bytes, 0, bytes.length)
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}

function unreadable(detail: string): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', detail)
}
