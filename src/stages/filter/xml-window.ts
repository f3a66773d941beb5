/**
 * The stretch of a decoded document that may still go out. Positions count UTF-16 units from the document's begin.
 * Nothing here looks at the text until it is asked, so a stretch that comes in tiny pieces is put together once.
 */
export class XmlWindow {
  #text = ''
  #from = 0
  #end = 0

  /** What has come so far. */
  get end(): number {
    return this.#end
  }

  add(piece: string): void {
    this.#text = this.#text === '' ? piece : this.#text + piece
    this.#end += piece.length
  }

  /** What stands before `position` is not needed any more. */
  forget(position: number): void {
    if (position <= this.#from) return
    this.#text = position >= this.#end ? '' : this.#text.slice(position - this.#from)
    this.#from = position
  }

  slice(start: number, end: number): string {
    return this.#text.slice(start - this.#from, end - this.#from)
  }

  /** Where the tag that ends at `end` begins: no other `<` can stand in a well-formed tag. */
  tagStart(end: number): number {
    return this.#text.lastIndexOf('<', end - 1 - this.#from) + this.#from
  }

  /** Where the white space before `start` begins. */
  gapStart(start: number): number {
    return gapStart(this.#text, start - this.#from) + this.#from
  }
}

export function gapStart(text: string, start: number): number {
  let at = start
  while (at > 0 && isBlank(text.charCodeAt(at - 1))) at--
  return at
}

/** XML 1.0 section 2.3: S. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
