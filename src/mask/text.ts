/**
 * Orders by code point, which is the order of the UTF-8 bytes; `<` orders by UTF-16 unit and puts U+10000 before
 * U+E000. Both must be well formed.
 */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Lifts surrogates above U+E000 to U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

/** Whether a well-formed text takes at most `maxBytes` in UTF-8. */
export function fitsInUtf8(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return false
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) bytes += 2
    else bytes += 3
  }
  return bytes <= maxBytes
}

/** The first text behind all that begin with `prefix`; undefined where they are the last of all. */
export function textAfterAll(prefix: string): string | undefined {
  const characters = Array.from(prefix)
  while (characters.length > 0) {
    const last = characters.pop()?.codePointAt(0) ?? 0x10ffff
    if (last < 0x10ffff) return characters.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
  }
  return undefined
}
