import { ProxyError } from '../../errors.ts'
import { isPlainObject } from '../../mask/describe.ts'
import type { Dataset } from '../../mask/language.ts'

/** Declared names at one place of a row, by their folded form. */
type Names = Map<string, Map<string, Names>>

const known = new WeakMap<Dataset, Names>()

/**
 * Refuses a row that holds a declared member under another spelling: upstreams that read names without case would take
 * `Account` for `account`, and `meta.owner` is a way into `meta` for those that hand members on to MongoDB. Each member
 * is looked at once, however many fields there are.
 */
export function requireSpellings(row: unknown, dataset: Dataset): void {
  const names = known.get(dataset) ?? namesOf(dataset)
  known.set(dataset, names)
  requireNames(row, names)
}

/** The same for one name, where a row is looked for. */
export function requireOneSpelling(value: unknown, token: string): void {
  requireNames(value, new Map([[fold(token), new Map([[token, new Map()]])]]))
}

/** The same for a place that is pointed to. */
export function requirePointerSpelling(pointer: readonly string[], dataset: Dataset): void {
  const steps = stepsOf(pointer)
  for (const { path } of dataset.fields.values()) {
    const declared = stepsOf(path)
    const meets = steps.slice(0, declared.length).every((step, at) => fold(step) === fold(declared[at] ?? ''))
    const isSpelled = pointer.slice(0, path.length).every((token, at) => token === path[at])
    if (meets && !isSpelled) throw otherSpelling()
  }
}

function requireNames(value: unknown, names: Names): void {
  if (names.size === 0 || !isPlainObject(value)) return
  for (const name of Object.keys(value)) {
    const declared = names.get(fold(name))
    if (declared === undefined && name.includes('.')) requireNoWay(name, names)
    if (declared === undefined) continue
    const below = declared.get(name)
    // Names that differ in case alone would be one name to such an upstream.
    if (below === undefined || declared.size > 1) throw otherSpelling()
    requireNames(value[name], below)
  }
}

/** Refuses a dotted name that leads to a declared member, to what holds one, or into one. */
function requireNoWay(name: string, names: Names): void {
  let here = names
  for (const step of name.split('.')) {
    const declared = here.get(fold(step))
    if (declared === undefined) return
    here = new Map([...declared.values()].flatMap((below) => [...below]))
    if (here.size === 0) break
  }
  throw otherSpelling()
}

function namesOf(dataset: Dataset): Names {
  const root: Names = new Map()
  for (const { path } of dataset.fields.values()) {
    let names = root
    for (const token of path) {
      const same = names.get(fold(token)) ?? new Map<string, Names>()
      names.set(fold(token), same)
      const below: Names = same.get(token) ?? new Map()
      same.set(token, below)
      names = below
    }
  }
  return root
}

function otherSpelling(): ProxyError {
  return new ProxyError('ERR_BODY_UNREADABLE', 'a declared member under another spelling')
}

function stepsOf(path: readonly string[]): readonly string[] {
  return path.flatMap((token) => token.split('.'))
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}
