import { decodeComponent } from './query-parts.ts'

/** `doubtful`: servers disagree on what this name is. */
export type Resemblance = 'alias' | 'other' | 'doubtful'

/** Says whether a name as sent could be read as one of some parameters. */
export type AliasTest = (rawName: string) => Resemblance

/** Characters of a decoded name; keeps the work on one name small, however many there are. */
const maxNameLength = 256

/**
 * Finds every spelling in which some server takes a name for one of `names`: percent-encoded, in another case or
 * width, with blanks, controls or `?` around it, as an array or object (`[]`, `[x]`, `.x`), with what PHP makes an
 * underscore, cut at NUL, behind an encoded separator, without its `$`. A name that is broken, not UTF-8, very long, or
 * still percent-encoded after one decoding is doubtful.
 */
export function aliasTest(names: readonly string[]): AliasTest {
  const wanted = new Set(names.map(foldName))
  return (rawName) => {
    if (/^[A-Za-z0-9_-]*$/.test(rawName)) return wanted.has(rawName.toLowerCase()) ? 'alias' : 'other'
    const name = decodeComponent(rawName)
    if (name === undefined || name.includes('%') || name.length > maxNameLength) return 'doubtful'
    return spellings(name).some((spelling) => wanted.has(foldName(spelling))) ? 'alias' : 'other'
  }
}

/** PHP makes `_` of blanks, dots and brackets without an end; Unicode has more than one way to write most letters. */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .replace(/^\$+/, '')
    .replaceAll(/[\s.[\]]/g, '_')
}

/** What a decoded name may come to; separators that were encoded may be read as separators after all. */
function spellings(name: string): readonly string[] {
  const pieces = [name.replaceAll('\0', ''), ...name.split('\0', 1)].flatMap((each) => [each, ...each.split(/[&;=]/)])
  // A body may be nothing but names of separators.
  const trimmed = [...new Set(pieces)].map(trimName)
  return [...new Set(trimmed.flatMap((each) => [each, ...bases(each)]))]
}

/** The variable that `a[b]`, `[a]b`, `a]` and `a.b` are read into. */
function bases(name: string): readonly string[] {
  const [plain = ''] = name.replace(/^[[\]]+/, '').split(/[[\]]/, 1)
  const [owner = ''] = plain.split('.', 1)
  return [trimName(plain), trimName(owner)]
}

/** Without the blanks, controls, format characters and `?` that some readers take off its ends. */
function trimName(name: string): string {
  let end = name.length
  while (end > 0 && /[\s\p{C}]/u.test(name.charAt(end - 1))) end--
  return name.slice(0, end).replace(/^[\s\p{C}?]+/u, '')
}
