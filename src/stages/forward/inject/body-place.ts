import type { RowPointer } from '../../../config/config.ts'
import { isPlainObject } from '../../../mask/describe.ts'
import { isAbsent } from './json-walk.ts'
import { foldName } from './parameter-alias.ts'
import { queryRefused } from './query-parts.ts'

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

/**
 * Refuses what would make other strings equal than the mask means: a collation anywhere beside the query, which `at`
 * points to (MongoDB compares without case where the command says so).
 */
export function requireNoCollation(document: unknown, at: RowPointer): void {
  if (!isPlainObject(document) || at.length === 0) return
  const [name, ...rest] = at
  for (const [key, value] of Object.entries(document)) {
    if (foldName(key) === 'collation') throw queryRefused('a collation beside the query')
    if (key === name) requireNoCollation(value, rest)
    else requireNoneIn(value, maxDepth)
  }
}

const maxDepth = 64

function requireNoneIn(value: unknown, depthLeft: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depthLeft <= 0) throw queryRefused('a body that is nested too deep')
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  for (const [key, member] of entries) {
    if (isPlainObject(value) && foldName(key) === 'collation') throw queryRefused('a collation beside the query')
    requireNoneIn(member, depthLeft - 1)
  }
}
