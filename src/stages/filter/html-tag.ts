import { decodeAttribute } from './html-entities.ts'
import type { HtmlWindow } from './html-window.ts'

const oddName = /["'<=]/

/** The start tag that is being read: where its parts stand. */
export class HtmlTag {
  readonly #window: HtmlWindow
  readonly #reads: ReadonlySet<string>
  /** By length of a name: does a name of this length matter? */
  readonly #lengths: readonly boolean[]
  readonly #nameStart: number[] = []
  readonly #nameEnd: number[] = []
  readonly #valueStart: number[] = []
  readonly #valueEnd: number[] = []
  readonly #end: number[] = []
  #count = 0
  start = 0
  name = ''

  constructor(window: HtmlWindow, reads: ReadonlySet<string>) {
    this.#window = window
    this.#reads = reads
    const longest = Math.max(...[...reads].map((name) => name.length))
    this.#lengths = Array.from({ length: longest + 1 }, (_, length) =>
      [...reads].some((name) => name.length === length),
    )
  }

  open(nameStart: number, nameEnd: number): void {
    this.start = nameStart - 1
    this.name = this.#window.slice(nameStart, nameEnd).toLowerCase()
    this.#count = 0
  }

  attributeName(start: number, end: number): void {
    this.#nameStart[this.#count] = start
    this.#nameEnd[this.#count] = end
    this.#valueStart[this.#count] = -1
  }

  attributeValue(start: number, end: number): void {
    if (this.#valueStart[this.#count] === -1) this.#valueStart[this.#count] = start
    this.#valueEnd[this.#count] = end
  }

  attributeEnd(end: number): void {
    this.#end[this.#count] = end
    this.#count++
  }

  /**
   * Of the attributes that matter; undefined = none is there; `unclear` = one has two values, or a name that looks like
   * a lost quote or a lost `>`.
   */
  attributes(): ReadonlyMap<string, string> | 'unclear' | undefined {
    let values: Map<string, string> | undefined
    for (let at = 0; at < this.#count; at++) {
      if (!this.#isNamed(at)) return 'unclear'
      const name = this.#read(at)
      if (name === undefined) continue
      values ??= new Map()
      if (values.has(name)) return 'unclear'
      values.set(name, this.#value(at))
    }
    return values
  }

  /** Where the attributes of these names stand. */
  spans(names: readonly string[]): readonly { readonly name: string; readonly start: number; readonly end: number }[] {
    const spans = []
    for (let at = 0; at < this.#count; at++) {
      const name = this.#read(at)
      if (name !== undefined && names.includes(name))
        spans.push({ name, start: this.#nameStart[at] ?? 0, end: this.#end[at] ?? 0 })
    }
    return spans
  }

  #read(at: number): string | undefined {
    const start = this.#nameStart[at] ?? 0
    const end = this.#nameEnd[at] ?? 0
    if (this.#lengths[end - start] !== true) return undefined
    const name = this.#window.slice(start, end).toLowerCase()
    return this.#reads.has(name) ? name : undefined
  }

  #value(at: number): string {
    const start = this.#valueStart[at] ?? -1
    return start < 0 ? '' : decodeAttribute(this.#window.utf8(start, this.#valueEnd[at] ?? start))
  }

  #isNamed(at: number): boolean {
    return !oddName.test(this.#window.slice(this.#nameStart[at] ?? 0, this.#nameEnd[at] ?? 0))
  }
}
