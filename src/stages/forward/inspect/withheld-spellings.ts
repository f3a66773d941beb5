import { visible } from './names.ts'

const plain = /^[\x20-$&-[\]-~]*$/
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\0-\x1f\x7f-\x9f]/

const hyphens = /(?<=[\p{L}\p{N}_])-(?=[\p{L}\p{N}_])/gu

/** What a text may be; `unit-price` is one name, or two. */
export function readingsOf(text: string): readonly string[] {
  return spellingsOf(text).flatMap((each) => {
    const joined = each.replaceAll(hyphens, '_')
    return joined === each ? [each] : [each, joined]
  })
}

/** What readers may take a text for: once more decoded, unescaped, with a control as a blank or as nothing. */
function spellingsOf(text: string): readonly string[] {
  if (plain.test(text)) return [text]
  const decoded = decodeLoosely(text)
  const spellings = new Set([text, decoded, unescaped(text), unescaped(decoded)])
  return [...spellings].flatMap((each) =>
    control.test(each) ? [withoutMarks(each.replaceAll(/\p{Cc}/gu, ' ')), withoutMarks(each)] : [withoutMarks(each)],
  )
}

/** MySQL takes the accents off the names of columns. */
export function withoutMarks(text: string): string {
  return visible(text).normalize('NFKD').replaceAll(/\p{M}/gu, '')
}

/** Percent-encoding as the most helpful reader would take it. */
export function decodeLoosely(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (octets) => Buffer.from(octets.replaceAll('%', ''), 'hex').toString())
}

/** `\u006d` and `\x6d`, as in JSON and its relaxed kin. */
function unescaped(text: string): string {
  return text.replaceAll(/\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})/g, (_, long: string | undefined, short: string) =>
    String.fromCharCode(Number.parseInt(long ?? short, 16)),
  )
}

/** Names, apart at everything that is part of none. */
export function tokensOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{M}\p{N}_]+|__+/u).filter((token) => /[^_]/.test(token))
}

export function isNoIndex(token: string): boolean {
  return !/^[0-9]+$/.test(token)
}

const border = /_|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u

export function fold(text: string): string {
  return text.toUpperCase().toLowerCase()
}

/** `min_margin`, `minMargin`: [min, margin]. */
export function wordsOf(token: string): readonly string[] {
  const pieces = token.split(border).filter((word) => word !== '')
  return pieces.map(fold)
}
