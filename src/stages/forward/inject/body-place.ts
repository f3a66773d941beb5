import type { RowPointer } from '../../../config/config.ts'
import { isPlainObject } from '../../../mask/describe.ts'
import { isAbsent } from './json-walk.ts'
import { foldName } from './parameter-alias.ts'
import { queryRefused } from './query-parts.ts'
import type { WithheldPaths } from './withheld-paths.ts'

/** A copy of `document` in which `change` has been made at `at`; what is missing or null on the way there is made. */
export function changeAt(document: unknown, at: RowPointer, change: (value: unknown) => unknown): unknown {
  const [name, ...rest] = at
  if (name === undefined) return change(document)
  const copy: Record<string, unknown> = { __proto__: null }
  if (!isAbsent(document)) {
    if (!isPlainObject(document)) throw queryRefused('a body that is no object where the query stands')
    requireSingleSpelling(document, name)
    Object.assign(copy, document)
  }
  const changed = changeAt(copy[name], rest, change)
  if (changed !== undefined) copy[name] = changed
  return copy
}

/** `document` without what stands at `at`. */
export function withoutPlace(document: unknown, at: RowPointer): unknown {
  const [name, ...rest] = at
  if (name === undefined || !isPlainObject(document)) return undefined
  const others = Object.entries(document).filter(([key]) => key !== name)
  const copy: Record<string, unknown> = Object.assign({ __proto__: null }, Object.fromEntries(others))
  if (rest.length > 0) copy[name] = withoutPlace(document[name], rest)
  return copy
}

/** Upstreams that read names without case could take `Filter` for `filter`. */
function requireSingleSpelling(object: Readonly<Record<string, unknown>>, name: string): void {
  const folded = foldName(name)
  if (Object.keys(object).some((other) => other !== name && foldName(other) === folded))
    throw queryRefused('the query under another spelling')
}

/** A collation makes other strings equal than the mask means: MongoDB compares without case where the command says so. */
const always: ReadonlySet<string> = new Set(['collation'])
/** An index orders what is found, and shows its keys. */
const whereWithheld: ReadonlySet<string> = new Set([...always, 'hint', 'returnkey'])

/** Refuses options of a MongoDB command that reach past the mask, anywhere beside the query that `at` points to. */
export function requireNoOptions(document: unknown, at: RowPointer, { isEmpty }: WithheldPaths): void {
  requireNoneBeside(document, at, isEmpty ? always : whereWithheld)
}

function requireNoneBeside(document: unknown, at: RowPointer, refused: ReadonlySet<string>): void {
  if (!isPlainObject(document) || at.length === 0) return
  const [name, ...rest] = at
  for (const [key, value] of Object.entries(document)) {
    if (refused.has(foldName(key))) throw queryRefused('an option beside the query that may reach past the mask')
    if (key === name) requireNoneBeside(value, rest, refused)
    else requireNoneIn(value, refused, maxDepth)
  }
}

const maxDepth = 64

function requireNoneIn(value: unknown, refused: ReadonlySet<string>, depthLeft: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depthLeft <= 0) throw queryRefused('a body that is nested too deep')
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  for (const [key, member] of entries) {
    if (isPlainObject(value) && refused.has(foldName(key)))
      throw queryRefused('an option beside the query that may reach past the mask')
    requireNoneIn(member, refused, depthLeft - 1)
  }
}
