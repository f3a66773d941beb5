import type { TokenizerCallbacks } from 'htmlparser2'
import type { DocumentRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { HtmlSelector } from '../../lib/html-selector.ts'
import { ByteStore } from './byte-store.ts'
import { matches } from './html-match.ts'
import { isFormatting, isRaw, isTableContext, isVoid, nameBits } from './html-names.ts'
import { HtmlRow, type RuledField, ruledFields } from './html-row.ts'
import type { HtmlRowRule, HtmlRules } from './html-rules.ts'
import { EscapeWatch, filterScript, isCode } from './html-script.ts'
import { HtmlTag } from './html-tag.ts'
import { HtmlTree, type OpenElement, type TreeSink } from './html-tree.ts'
import type { HtmlWindow } from './html-window.ts'
import type { RowOutput } from './row-output.ts'
import type { RowPlan, RowReport } from './row-plan.ts'
import { Verdicts } from './verdicts.ts'

const lessThan = 0x3c
const greaterThan = 0x3e
const slash = 0x2f
const escapedLessThan = Buffer.from('&lt;')
const maxDoctypeBytes = 256
const utf8Names: ReadonlySet<string> = new Set(['utf-8', 'utf8'])
const contentCharset = /charset[ \t\n\f\r]*=[ \t\n\f\r]*["']?([^"'; \t\n\f\r]*)/i
const notBlank = /[^ \t\n\f\r]/

/** What becomes of the text of a script, style, title, textarea or iframe. */
type RawText =
  | { readonly kind: 'shown' }
  | { readonly kind: 'code'; readonly watch: EscapeWatch }
  | { readonly kind: 'blocked'; counted: boolean }
  | { readonly kind: 'rows'; readonly rows: DocumentRows; readonly text: ByteStore }

/**
 * Takes the tokens of a page and sends on what may go. What goes out reads the same to every browser: nested as written,
 * with end tags that the page left out, without comments, and with `&lt;` for a `<` that begins no tag. It is one long file
 * because every token works on the same few facts: what is open, what is left out, which row is held.
 */
export class HtmlPage implements TokenizerCallbacks, TreeSink {
  readonly #plan: RowPlan
  readonly #rules: HtmlRules
  readonly #remove: HtmlRules['remove']
  readonly #rows: readonly { readonly rule: HtmlRowRule; readonly fields: readonly RuledField[] }[]
  readonly #window: HtmlWindow
  readonly #out: RowOutput
  readonly #tree: HtmlTree
  readonly #tag: HtmlTag
  readonly #held: ByteStore
  readonly #verdicts: Verdicts
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #row: HtmlRow | undefined
  #raw: RawText | undefined
  /** Elements from this one on are left out; the open one at `skipRoot` ends that. Negative = none is. */
  #skipFrom = -1
  #skipRoot = -1
  /** What is left out is a withheld field, whose text may still be read. */
  #skipsField = false
  /** Behind a row that was left out: its blanks go too, since their number would tell how many rows there were. */
  #dropsBlanks = false
  /** The end tag of this name was not complete when the chunk ended. */
  #inEndTag = false
  #endTag = { start: 0, end: 0 }
  /** A tag is closed that has no end tag. */
  #single = false
  #ending = false

  constructor(plan: RowPlan, rules: HtmlRules, roles: readonly string[], window: HtmlWindow, out: RowOutput) {
    this.#plan = plan
    this.#rules = rules
    this.#remove = rules.remove.filter(({ unless }) => !unless.some((role) => roles.includes(role)))
    this.#rows = rules.rows.map((rule) => ({ rule, fields: ruledFields(rule, plan) }))
    this.#verdicts = new Verdicts(plan.predicate)
    this.#window = window
    this.#out = out
    this.#tree = new HtmlTree(this, plan.limits.maxDepth)
    this.#tag = new HtmlTag(window, rules.reads)
    // A bare `<` becomes four bytes, and the end tags that a page left out are written.
    this.#held = new ByteStore(plan.limits.maxRowBytes * 8)
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.#verdicts.rules }
  }

  /** Before the tokenizer reads a chunk. */
  open(): void {
    if (!this.#inEndTag) return
    const end = this.#window.tagEnd(0)
    this.#inEndTag = end === undefined
    this.#window.done = end ?? Number.MAX_SAFE_INTEGER
  }

  /** Before the tokenizer says what it still holds at the end of the page. */
  end(): void {
    this.#ending = true
  }

  // Attributes

  onopentagname(start: number, end: number): void {
    this.#tag.open(start, end)
  }

  onattribname(start: number, end: number): void {
    this.#tag.attributeName(start, end)
  }

  onattribdata(start: number, end: number): void {
    this.#tag.attributeValue(start, end)
  }

  onattribend(_quote: unknown, end: number): void {
    this.#tag.attributeEnd(end)
  }

  // Tags

  onopentagend(end: number): void {
    this.#startTag(end + 1, false)
  }

  onselfclosingtag(end: number): void {
    // The tokenizer takes blanks between `/` and `>` for nothing; browsers do not.
    this.#startTag(end + 1, this.#window.byte(end - 1) === slash)
  }

  onclosetag(start: number, end: number): void {
    const tagEnd = this.#window.tagEnd(end)
    this.#inEndTag = tagEnd === undefined
    const name = this.#window.slice(start, end).toLowerCase()
    const isPlain = this.#window.byte(end) === greaterThan
    this.#endTag = isPlain ? { start: start - 2, end: end + 1 } : { start: -1, end }
    if (this.#raw !== undefined) this.#endRaw()
    if ((name === 'body' || name === 'html') && this.#tree.top.name === 'body' && this.#skipFrom < 0)
      this.#writeEndTag(name, true)
    this.#tree.close(name, nameBits(name))
    this.#window.done = tagEnd ?? Number.MAX_SAFE_INTEGER
  }

  isInForeignContext(): boolean {
    return this.#tree.top.isSvg
  }

  // Text

  ontext(start: number, end: number): void {
    // At the end of a page the tokenizer also says what it holds of a tag.
    if (start < 0 || (this.#ending && start !== this.#window.done)) return
    this.#window.done = end
    // Also where nothing of it goes out: what the mask reads is gathered all the same.
    if (this.#row !== undefined) this.#requireSize(this.#row.start, end)
    if (this.#raw !== undefined) this.#rawText(this.#raw, start, end)
    else if (this.#skipFrom < 0 || this.#skipsField) this.#text(start, end)
  }

  // What never goes out

  oncomment(_start: number, end: number): void {
    this.#window.done = end + 1
  }

  oncdata(_start: number, end: number): void {
    this.#window.done = end + 1
  }

  onprocessinginstruction(_start: number, end: number): void {
    this.#window.done = end + 1
  }

  ondeclaration(_start: number, end: number): void {
    const from = this.#window.done
    this.#window.done = end + 1
    const isFirst = this.#tree.isBlank
    this.#tree.page()
    if (isFirst && end - from < maxDoctypeBytes && this.#window.byte(from) === lessThan) this.#write(from, end + 1)
  }

  ontextentity(): void {
    throw new TypeError('the tokenizer decodes nothing')
  }

  onattribentity(): void {
    throw new TypeError('the tokenizer decodes nothing')
  }

  onend(): void {
    if (this.#raw?.kind === 'rows') this.#endRaw()
    // In a text that never ended an end tag would be text.
    this.#single = this.#raw !== undefined && this.#skipFrom < 0
    while (!this.#tree.isAtRoot()) this.#tree.pop(false)
    // A page of which the body itself is a row.
    if (this.#row !== undefined) this.#endRow(this.#row)
  }

  // Of the tree

  implied(name: string): void {
    this.#tree.push(name, nameBits(name), undefined)
    const index = this.#tree.stack.length - 1
    this.#enter(index, undefined, this.#window.done)
    if (this.#isSent(index)) this.#put(Buffer.from(`<${name}>`, 'latin1'))
  }

  closed(element: OpenElement, index: number, own: boolean): void {
    if (this.#isSent(index) && !element.isVirtual && !this.#single) this.#writeEndTag(element.name, own)
    const isRuled = index === this.#skipRoot || index === this.#row?.index
    // HTML standard 13.2.4.3: what follows would belong to it as well.
    if (isRuled && !own && !this.#ending && (element.bits & isFormatting) !== 0)
      throw unreadablePage('an element that browsers open again')
    if (index === this.#skipRoot) this.#sendAgain()
    const row = this.#row
    if (row === undefined) return
    if (row.captures) {
      this.#requireSize(row.start, this.#window.done)
      row.closed(index)
      row.tag()
    }
    if (index === row.index) this.#endRow(row)
  }

  #startTag(end: number, selfClosing: boolean): void {
    const tag = this.#tag
    this.#requireSize(tag.start, end)
    const inSvg = this.#tree.top.isSvg
    const name = tag.name === 'image' && !inSvg ? 'img' : tag.name
    if (name === 'plaintext') throw unreadablePage('an element without an end')
    const bits = nameBits(name)
    const attributes = tag.attributes()
    if (attributes === 'unclear' && (name === 'html' || name === 'body')) throw unreadablePage('a page of unclear kind')
    const placed = this.#tree.place(name, bits)
    const placement = placed === 'place' && attributes === 'unclear' ? 'doubt' : placed
    if (placement !== 'ignore') {
      this.#tree.push(name, bits, attributes === 'unclear' ? undefined : attributes)
      const index = name === 'html' ? 0 : this.#tree.stack.length - 1
      if (placement === 'doubt') this.#doubt('an element that has more than one reading')
      if (placement !== 'place') this.#skip(index, index, false)
      const cuts = this.#enter(index, name, tag.start)
      if (this.#isSent(index)) this.#writeTag(end, cuts)
      this.#begin(this.#tree.top, bits, inSvg, selfClosing)
    }
    this.#window.done = end
  }

  /** What follows the start tag: nothing, raw text or more elements. */
  #begin(element: OpenElement, bits: number, inSvg: boolean, selfClosing: boolean): void {
    const isSingle = element.isSvg ? selfClosing : (bits & isVoid) !== 0
    if (isSingle) {
      this.#single = true
      this.#tree.pop(false)
      this.#single = false
    } else if (!inSvg && (bits & isRaw) !== 0) this.#raw = this.#rawKind(element)
  }

  /** Finds out what the element at `index` is; the attributes to take out of its tag. */
  #enter(index: number, name: string | undefined, start: number): readonly string[] {
    if (this.#skipFrom >= 0 && !this.#skipsField) return []
    if (this.#skipFrom < 0 && this.#remove.some(({ selector }) => this.#matches(selector))) {
      this.#countCut()
      this.#skip(index, index, false)
      return []
    }
    const cuts = name === 'iframe' && this.#has('srcdoc') ? ['srcdoc'] : []
    if (name === 'meta' && this.#skipFrom < 0) this.#requireUtf8()
    const found = this.#rows.filter(({ rule }) => this.#matches(rule.selector))
    if (found.length > 0) this.#startRow(found, index, start)
    if (this.#row === undefined || this.#row.doomed) return cuts
    return [...cuts, ...this.#fields(this.#row, index)]
  }

  /** Whether the innermost element is one that `selector` names. */
  #matches(selector: HtmlSelector): boolean {
    if (matches(selector, this.#tree.stack)) return true
    const other = this.#tree.outsideOfTable()
    return other !== undefined && matches(selector, other)
  }

  #has(attribute: string): boolean {
    return this.#tree.top.attributes?.has(attribute) === true
  }

  #startRow(found: readonly { readonly fields: readonly RuledField[] }[], index: number, start: number): void {
    const [first] = found
    if (this.#row === undefined && first !== undefined) {
      this.#row = new HtmlRow(this.#plan, first.fields, index, start)
      this.#held.clear()
      if (found.length > 1) this.#violation('an element is a row in two ways')
    } else this.#violation('a row inside a row')
  }

  #fields(row: HtmlRow, index: number): readonly string[] {
    const cuts: string[] = []
    for (const field of row.fields) {
      const isHere = field.selector === undefined ? index === row.index : index > row.index
      if (!isHere || (field.selector !== undefined && !this.#matches(field.selector))) continue
      const value = field.attribute === undefined ? undefined : this.#tree.top.attributes?.get(field.attribute)
      if (field.attribute !== undefined && value === undefined) continue
      if (!row.found(field)) this.#violation('a field that is ruled stands twice in a row')
      if (field.attribute !== undefined && value !== undefined) {
        row.attribute(field, value)
        if (field.withheld) cuts.push(field.attribute)
      } else this.#textField(row, field, index)
    }
    if (this.#skipFrom < 0) row.cuts += cuts.length
    return cuts
  }

  #textField(row: HtmlRow, field: RuledField, index: number): void {
    row.capture(field, index)
    if (!field.withheld || this.#skipFrom >= 0) return
    row.cuts++
    this.#skip(this.#plan.withheldAs === 'removed' ? index : index + 1, index, true)
  }

  #endRow(row: HtmlRow): void {
    const end = this.#endTag.end > this.#window.done ? this.#endTag.end : this.#window.done
    this.#requireSize(row.start, end)
    this.#row = undefined
    this.#counts.rows++
    if (row.judge(this.#verdicts)) {
      this.#counts.fieldsWithheld += row.cuts
      this.#out.bytes(this.#held.bytes, 0, this.#held.length)
    } else {
      this.#counts.withheld++
      if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', 'a row is not permitted')
      this.#dropsBlanks = true
    }
    this.#held.clear()
  }

  #text(from: number, end: number): void {
    const start = this.#dropsBlanks ? this.#pastBlanks(from, end) : from
    if (start === end) return
    const { top } = this.#tree
    const isOdd = (top.bits & isTableContext) !== 0 || isFrame(top.name)
    if (isOdd && notBlank.test(this.#window.slice(start, end))) {
      if ((top.bits & isTableContext) !== 0) return this.#tableText(top, start, end)
      if (top.name === 'template') top.hasFlow = true
      else this.#tree.flow()
    }
    const isBare = this.#window.byte(start) === lessThan
    const row = this.#row
    if (row?.captures === true)
      row.text(isBare ? `&lt;${this.#window.slice(start + 1, end)}` : this.#window.slice(start, end))
    if (this.#skipFrom >= 0) return
    if (isBare) this.#put(escapedLessThan)
    this.#write(isBare ? start + 1 : start, end)
  }

  #pastBlanks(from: number, end: number): number {
    const blanks = this.#window.slice(from, end).search(notBlank)
    return blanks < 0 ? end : from + blanks
  }

  /** Browsers show it before the table. */
  #tableText(top: OpenElement, start: number, end: number): void {
    if (!top.hasFlow) this.#doubt('text that stands between the cells of a table')
    top.hasFlow = true
    const blanks = this.#window.slice(start, end).replaceAll(/[^ \t\n\f\r]+/g, '')
    if (this.#skipFrom < 0) this.#put(Buffer.from(blanks))
  }

  #rawKind(element: OpenElement): RawText {
    if (this.#skipFrom >= 0 && !this.#skipsField) return { kind: 'blocked', counted: true }
    if (element.name === 'iframe') return { kind: 'blocked', counted: false }
    if (element.name !== 'script') return { kind: 'shown' }
    const declared = this.#rules.scripts.find(({ selector }) => matches(selector, this.#tree.stack))
    if (declared !== undefined)
      return { kind: 'rows', rows: declared.rows, text: new ByteStore(this.#plan.limits.maxBlockBytes) }
    if (isCode(element.attributes)) return { kind: 'code', watch: new EscapeWatch() }
    return { kind: 'blocked', counted: false }
  }

  #rawText(raw: RawText, start: number, end: number): void {
    switch (raw.kind) {
      case 'shown':
        return this.#shownText(start, end)
      case 'code':
        if (!raw.watch.push(this.#window.slice(start, end))) throw unreadablePage('a script that hides its end')
        return this.#send(start, end)
      case 'blocked':
        if (!raw.counted && notBlank.test(this.#window.slice(start, end))) {
          raw.counted = true
          this.#countCut()
        }
        return
      case 'rows':
        return this.#window.keep(start, end, raw.text)
    }
  }

  #shownText(start: number, end: number): void {
    const { name } = this.#tree.top
    if (this.#row?.captures === true && name !== 'style')
      this.#row.text(this.#window.slice(start, end).replaceAll('<', '&lt;'))
    this.#send(start, end)
  }

  #send(start: number, end: number): void {
    if (this.#skipFrom < 0) this.#write(start, end)
  }

  #endRaw(): void {
    const raw = this.#raw
    this.#raw = undefined
    if (raw?.kind !== 'rows' || this.#skipFrom >= 0) return
    const text = raw.text.take()
    if (!notBlank.test(text.toString('latin1'))) return
    const filtered = filterScript(this.#plan, raw.rows, text, this.#verdicts)
    if (filtered === undefined) {
      this.#counts.violations++
      return
    }
    const { report, bytes } = filtered
    this.#counts.rows += report.rows
    this.#counts.withheld += report.withheld
    this.#counts.fieldsWithheld += report.fieldsWithheld
    this.#counts.violations += report.violations
    this.#put(bytes)
  }

  #requireUtf8(): void {
    const { attributes } = this.#tree.top
    const charset = attributes?.get('charset')
    if (charset !== undefined && !utf8Names.has(charset.trim().toLowerCase())) throw unreadablePage('not in UTF-8')
    if (attributes?.get('http-equiv')?.trim().toLowerCase() !== 'content-type') return
    const content = attributes.get('content') ?? ''
    const named = contentCharset.exec(content)?.[1]
    if (named !== undefined && !utf8Names.has(named.toLowerCase())) throw unreadablePage('not in UTF-8')
  }

  #skip(from: number, root: number, isField: boolean): void {
    if (this.#skipFrom >= 0) return
    this.#skipFrom = from
    this.#skipRoot = root
    this.#skipsField = isField
  }

  #sendAgain(): void {
    this.#skipFrom = -1
    this.#skipRoot = -1
    this.#skipsField = false
  }

  /** What cannot be read in one way is left out, and under `block` the whole page. */
  #doubt(detail: string): void {
    if (this.#skipFrom >= 0) return
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', detail)
    this.#counts.violations++
  }

  #violation(detail: string): void {
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', detail)
    if (this.#row === undefined || this.#row.doomed) return
    this.#row.doomed = true
    this.#counts.violations++
  }

  #countCut(): void {
    if (this.#row === undefined) this.#counts.fieldsWithheld++
    else this.#row.cuts++
  }

  #requireSize(start: number, end: number): void {
    const { maxRowBytes } = this.#plan.limits
    if (end - start > maxRowBytes)
      throw new ProxyError('ERR_ANSWER_TOO_LARGE', `a row or tag of more than ${maxRowBytes} bytes`)
  }

  #isSent(index: number): boolean {
    return this.#skipFrom < 0 || index < this.#skipFrom
  }

  #writeTag(end: number, cuts: readonly string[]): void {
    let from = this.#tag.start
    if (cuts.length > 0) {
      for (const span of this.#tag.spans(cuts)) {
        this.#write(from, span.start)
        if (this.#plan.withheldAs === 'null') this.#put(Buffer.from(`${span.name}=""`))
        from = span.end
      }
    }
    this.#write(from, end)
    if (this.#row?.captures === true) this.#row.tag()
  }

  #writeEndTag(name: string, own: boolean): void {
    if (own && this.#endTag.start >= 0) this.#write(this.#endTag.start, this.#endTag.end)
    else this.#put(Buffer.from(`</${name}>`, 'latin1'))
  }

  #write(start: number, end: number): void {
    this.#dropsBlanks = false
    if (this.#row === undefined) return this.#window.send(start, end, this.#out)
    this.#requireSize(this.#row.start, end)
    if (!this.#row.doomed) this.#window.keep(start, end, this.#held)
  }

  #put(bytes: Buffer): void {
    this.#dropsBlanks = false
    if (this.#row === undefined) this.#out.bytes(bytes, 0, bytes.length)
    else if (!this.#row.doomed) this.#held.append(bytes, 0, bytes.length)
  }
}

/** Text in these says something about the tree. */
function isFrame(name: string): boolean {
  return name === 'html' || name === 'head' || name === 'template'
}

function unreadablePage(detail: string): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', detail)
}
