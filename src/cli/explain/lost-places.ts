import type { RowPointer } from '../../config/config.ts'
import { isPlainObject } from '../../mask/describe.ts'

/** Places that are named; more are only counted. */
const maxNamed = 40
const maxDepth = 256

/** What became null on the way, outside the rows: RFC 6901 pointers into the answer. */
export interface LostPlaces {
  readonly pointers: readonly string[]
  readonly more: number
}

/** Compares an answer with what the filter made of it; undefined where the two cannot be laid side by side. */
export function lostPlaces(before: string, after: string, at: readonly RowPointer[]): LostPlaces | undefined {
  const pair = parsePair(before, after)
  if (pair === undefined) return undefined
  const found = new Set<string>()
  compare(pair[0], pair[1], at, [], found)
  const pointers = [...found]
  return { pointers: pointers.slice(0, maxNamed), more: Math.max(0, pointers.length - maxNamed) }
}

function parsePair(before: string, after: string): readonly [unknown, unknown] | undefined {
  try {
    return [JSON.parse(before), JSON.parse(after)]
  } catch {
    return undefined
  }
}

/** `at` holds what is left of the way to the rows from here; an empty one is a row. */
function compare(
  before: unknown,
  after: unknown,
  at: readonly RowPointer[],
  path: readonly string[],
  found: Set<string>,
): void {
  if (at.some((pointer) => pointer.length === 0) || path.length > maxDepth) return
  if (after === null && before !== null) return void found.add(pointerText(path))
  if (Array.isArray(before) && Array.isArray(after)) {
    const below = at.filter(([token]) => token === '*').map((pointer) => pointer.slice(1))
    // Lists of rows get shorter; the others keep their length.
    if (below.length === 0 || before.length !== after.length) return
    for (const [i, item] of before.entries()) compare(item, after[i], below, [...path, '*'], found)
    return
  }
  if (!isPlainObject(before) || !isPlainObject(after)) return
  for (const [key, value] of Object.entries(before)) {
    const below = at.filter(([token]) => token === key).map((pointer) => pointer.slice(1))
    compare(value, Object.hasOwn(after, key) ? after[key] : undefined, below, [...path, key], found)
  }
}

function pointerText(path: readonly string[]): string {
  if (path.length === 0) return '/'
  return path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
