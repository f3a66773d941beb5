import { ProxyError } from '../../errors.ts'
import {
  closesP,
  isDoubtful,
  isFormatting,
  isHeadChild,
  isHeading,
  isImplied,
  isMisnamed,
  isScope,
  isSpecial,
  isTableContext,
  isTablePart,
  isUnwanted,
  nameBits,
  svgNames,
  svgTexts,
} from './html-names.ts'

export interface OpenElement {
  readonly name: string
  readonly bits: number
  /** Of the attributes that some rule reads. */
  readonly attributes: ReadonlyMap<string, string> | undefined
  /** The page does not say it, and neither do we: every page has these. */
  readonly isVirtual: boolean
  readonly isSvg: boolean
  /** Something else than a table part stands in it. */
  hasFlow: boolean
  /** The kind of table parts that stand in it without a table. */
  parts: string | undefined
}

/** Is told of what the page leaves out. */
export interface TreeSink {
  implied(name: string): void
  /** `own` = by its own end tag, which is being read. */
  closed(element: OpenElement, index: number, own: boolean): void
}

/** `ignore`: the tag alone; `doubt` and `unwanted`: the element with all that it holds. */
export type Placement = 'place' | 'ignore' | 'doubt' | 'unwanted'

const sections: ReadonlySet<string> = new Set(['tbody', 'thead', 'tfoot'])
const rubyParts: ReadonlySet<string> = new Set(['rb', 'rp', 'rt', 'rtc'])
/** Where a table part stands, once everything inside of the place was closed. */
const places: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['td', new Set(['tr'])],
  ['th', new Set(['tr'])],
  ['tr', sections],
  ['col', new Set(['colgroup'])],
])

/**
 * The open elements of a page, by the rules of the HTML standard where a page leaves tags out. Where the standard moves
 * elements about (out of tables, out of ill-nested formatting), the answer is `doubt` or a plain end of the element: what
 * goes out is always nested as written. One long file, because every rule works on the same stack.
 */
export class HtmlTree {
  readonly #sink: TreeSink
  readonly #maxDepth: number
  readonly #stack: OpenElement[] = [element('html', nameBits('html'), undefined, true, false)]
  /** It calls itself a page: table parts without a table are no fragment. */
  #isPage = false
  #hasFreeParts = false

  constructor(sink: TreeSink, maxDepth: number) {
    this.#sink = sink
    this.#maxDepth = maxDepth
  }

  /** Never empty. */
  get stack(): readonly OpenElement[] {
    return this.#stack
  }

  get top(): OpenElement {
    const top = this.#stack[this.#stack.length - 1]
    if (top === undefined) throw new TypeError('the root is never closed')
    return top
  }

  get isBlank(): boolean {
    return this.#stack.length === 1 && !this.#isPage && this.top.isVirtual && !this.top.hasFlow
  }

  /**
   * What is open to a browser that takes a fragment of table parts for a page: it passes over their tags. Undefined = it
   * reads nothing else than we do.
   */
  outsideOfTable(): readonly OpenElement[] | undefined {
    if (!this.#hasFreeParts) return undefined
    const table = this.#stack.findIndex(({ name }) => name === 'table')
    return this.#stack.filter(({ bits }, index) => (bits & isTablePart) === 0 || (table >= 0 && index > table))
  }

  page(): void {
    this.#isPage = true
  }

  push(name: string, bits: number, attributes: ReadonlyMap<string, string> | undefined): void {
    if (this.#stack.length >= this.#maxDepth)
      throw new ProxyError('ERR_ANSWER_UNREADABLE', `more than ${this.#maxDepth} elements inside each other`)
    const isSvg = name === 'svg' || this.top.isSvg
    const pushed = element(name, isSvg ? 0 : bits, attributes, false, isSvg)
    if (name === 'html' || name === 'body') this.#root(name, pushed)
    else this.#stack.push(pushed)
  }

  /** Closes the innermost element; `own` as in the sink. */
  pop(own: boolean): void {
    const index = this.#stack.length - 1
    const closed = this.top
    this.#stack.pop()
    this.#sink.closed(closed, index, own)
  }

  /** Text that is not blank. */
  flow(): void {
    if (this.top.name === 'head') this.pop(false)
    if (this.top.name === 'html') this.#openBody()
    this.top.hasFlow = true
  }

  /** Closes and opens what the start tag of `name` implies. */
  place(name: string, bits: number): Placement {
    if (name === 'html' || name === 'head' || name === 'body') return this.#placeRoot(name)
    if (this.top.isSvg) return svgNames.has(name) && !svgTexts.has(this.top.name) ? 'place' : 'doubt'
    if ((bits & (isDoubtful | isMisnamed)) !== 0) return 'doubt'
    if ((bits & isUnwanted) !== 0) return 'unwanted'
    if ((bits & isHeadChild) === 0) this.#leaveHead()
    if (this.#inSelect()) return this.#placeOption(name)
    if ((bits & isTablePart) !== 0) return this.#placePart(name)
    if ((this.top.bits & isTableContext) !== 0) return this.#placeInTable(name)
    if (name === 'form' && this.#nearest('form', 0) >= 0) return 'ignore'
    // Again, where something was closed that had stood between an element and its end.
    for (let length = -1; length !== this.#stack.length; ) {
      length = this.#stack.length
      this.#closeBefore(name, bits)
    }
    // What was closed stood where it should not, and so would this.
    if ((this.top.bits & isTableContext) !== 0 || this.#inSelect()) return 'doubt'
    this.top.hasFlow = true
    return this.top.parts !== undefined && this.top.name === 'template' ? 'doubt' : 'place'
  }

  /** Closes what the end tag of `name` closes, if anything. */
  close(name: string, bits: number): void {
    if (name === 'html' || name === 'body') return
    const index = this.#find(name, bits)
    if (index < 0) return
    this.#closeTo(index + 1)
    this.pop(this.top.name === name)
  }

  /** Whether the end tag of the body or the page stands where it should. */
  isAtRoot(): boolean {
    return this.#stack.length <= 2 && (this.top.name === 'html' || this.top.name === 'body')
  }

  #root(name: 'html' | 'body', pushed: OpenElement): void {
    const index = name === 'html' ? 0 : 1
    this.#stack[index] = pushed
  }

  #placeRoot(name: 'html' | 'head' | 'body'): Placement {
    const { top } = this
    const isFirst = this.#stack.length === 1 && !top.hasFlow
    this.#isPage = true
    if (name === 'html') {
      if (isFirst && top.isVirtual) return 'place'
      return 'ignore'
    }
    if (name === 'head') {
      if (!isFirst) return 'ignore'
      top.hasFlow = true
      return 'place'
    }
    if (top.name === 'head') this.pop(false)
    return this.#stack.length === 1 ? 'place' : 'ignore'
  }

  #leaveHead(): void {
    if (this.top.name === 'head') this.pop(false)
    if (this.top.name === 'html') this.#openBody()
  }

  #openBody(): void {
    this.top.hasFlow = true
    this.#stack.push(element('body', nameBits('body'), undefined, true, false))
  }

  #inSelect(): boolean {
    const { name } = this.top
    if (name === 'select') return true
    if (name !== 'option' && name !== 'optgroup') return false
    return this.#nearest('select', isScope) >= 0
  }

  #placeOption(name: string): Placement {
    if (name !== 'option' && name !== 'optgroup' && name !== 'hr') return 'doubt'
    if (this.top.name === 'option') this.pop(false)
    if (name !== 'option' && this.top.name === 'optgroup') this.pop(false)
    return 'place'
  }

  #placeInTable(name: string): Placement {
    if (name !== 'script' && name !== 'style' && name !== 'template') return 'doubt'
    if (this.top.name !== 'colgroup') return 'place'
    this.pop(false)
    return this.place(name, nameBits(name))
  }

  #placePart(name: string): Placement {
    const wanted = places.get(name)
    for (let index = this.#stack.length - 1; index >= 0; index--) {
      const at = this.#stack[index] ?? this.top
      const isFree = at.name === 'template' || at.isVirtual
      if (at.name === 'table' || wanted?.has(at.name) === true) return this.#part(name, index)
      if (wanted?.has('tr') === true && sections.has(at.name)) return this.#part(name, index)
      if (isFree) return this.#freePart(name, index, at)
      if (at.name === 'body' || at.name === 'html') return 'doubt'
    }
    return 'doubt'
  }

  /** In a template, or in a page that is a fragment: no table is to be seen. */
  #freePart(name: string, index: number, at: OpenElement): Placement {
    const above = this.#stack[index + 1]
    const isAmongParts = (above === undefined || (above.bits & isTablePart) !== 0) && (at.isVirtual || !at.hasFlow)
    const kind = kindOfPart(name)
    if (!isAmongParts || (at.isVirtual && this.#isPage)) return 'doubt'
    if (at.parts !== undefined && at.parts !== kind) return 'doubt'
    at.parts = kind
    this.#closeTo(index + 1)
    this.#hasFreeParts = true
    return 'place'
  }

  #part(name: string, index: number): Placement {
    this.#closeTo(index + 1)
    const isCell = name === 'td' || name === 'th'
    if (this.top.name === 'table') {
      if (isCell || name === 'tr') this.#sink.implied('tbody')
      if (name === 'col') this.#sink.implied('colgroup')
    }
    if (isCell && sections.has(this.top.name)) this.#sink.implied('tr')
    return 'place'
  }

  #closeBefore(name: string, bits: number): void {
    if (name === 'li') this.#closeItem(name, name)
    else if (name === 'dd' || name === 'dt') this.#closeItem('dd', 'dt')
    if ((bits & closesP) !== 0) this.#closeNearest('p', isScope, 'button')
    if ((bits & isHeading) !== 0 && (this.top.bits & isHeading) !== 0) this.pop(false)
    if (name === 'a' || name === 'nobr' || name === 'button') this.#closeNearest(name, isScope)
    if ((name === 'option' || name === 'optgroup') && this.top.name === 'option') this.pop(false)
    if (rubyParts.has(name) && this.#nearest('ruby', isScope) >= 0)
      while ((this.top.bits & isImplied) !== 0) this.pop(false)
  }

  /** HTML standard, 13.2.6.4.7, "a start tag whose tag name is li". */
  #closeItem(one: string, other: string): void {
    for (let index = this.#stack.length - 1; index > 0; index--) {
      const { name, bits } = this.#stack[index] ?? this.top
      if (name === one || name === other) return this.#closeTo(index)
      if ((bits & isSpecial) !== 0 && name !== 'address' && name !== 'div' && name !== 'p') return
    }
  }

  #closeNearest(name: string, stops: number, stop?: string): void {
    const index = this.#nearest(name, stops, stop)
    if (index >= 0) this.#closeTo(index)
  }

  #nearest(name: string, stops: number, stop?: string): number {
    for (let index = this.#stack.length - 1; index > 0; index--) {
      const at = this.#stack[index] ?? this.top
      if (at.name === name) return index
      if ((at.bits & stops) !== 0 || at.name === stop || at.name === 'template') return -1
    }
    return -1
  }

  #find(name: string, bits: number): number {
    if (name === 'template') return this.#stack.findLastIndex((at) => at.name === 'template')
    if (name === 'table' || (bits & isTablePart) !== 0) return this.#findInTable(name)
    if ((bits & isHeading) !== 0) return this.#findHeading()
    const stops = (bits & (isSpecial | closesP | isFormatting)) === 0 ? isSpecial : isScope
    return this.#nearest(name, stops, name === 'p' ? 'button' : undefined)
  }

  #findInTable(name: string): number {
    for (let index = this.#stack.length - 1; index > 0; index--) {
      const at = this.#stack[index] ?? this.top
      if (at.name === name) return index
      if (at.name === 'table' || at.name === 'template') return -1
    }
    return -1
  }

  #findHeading(): number {
    for (let index = this.#stack.length - 1; index > 0; index--) {
      const { bits } = this.#stack[index] ?? this.top
      if ((bits & isHeading) !== 0) return index
      if ((bits & isScope) !== 0) return -1
    }
    return -1
  }

  /** `length` elements stay open. */
  #closeTo(length: number): void {
    while (this.#stack.length > length) this.pop(false)
  }
}

/** Parts of one kind stand beside each other; browsers pass over those of another. */
function kindOfPart(name: string): string {
  if (name === 'td' || name === 'th') return 'cell'
  return name === 'tr' || name === 'col' ? name : 'section'
}

function element(
  name: string,
  bits: number,
  attributes: ReadonlyMap<string, string> | undefined,
  isVirtual: boolean,
  isSvg: boolean,
): OpenElement {
  return { name, bits, attributes, isVirtual, isSvg, hasFlow: false, parts: undefined }
}
