const cacheSize = 1024
const longestCached = 24

/** Short ASCII strings seen lately, by a hash of their bytes: the same few values come in row after row. */
export class StringCache {
  readonly #texts: string[] = Array.from({ length: cacheSize }, () => '')

  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    if (length > longestCached) return bytes.toString('latin1', start, end)
    let hash = length
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
    const slot = (hash ^ (hash >>> 10)) & (cacheSize - 1)
    const known = this.#texts[slot]
    if (known !== undefined && known !== '' && equals(known, bytes, start, length)) return known
    const text = bytes.toString('latin1', start, end)
    this.#texts[slot] = text
    return text
  }
}

function equals(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false
  return true
}
