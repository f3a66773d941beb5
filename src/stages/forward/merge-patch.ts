import { isPlainObject } from '../../mask/describe.ts'
import { parseJsonBody } from './json-body.ts'

/** The rows that what is written may come to, whichever way the app reads it. */
export type Outcomes = (written: unknown) => readonly unknown[]

/** What is written is the whole row. */
export const asWritten: Outcomes = (written) => [written]

/**
 * What a PATCH of `item` (undefined: nothing is patched) comes to under a media type. Plain JSON does not say whether
 * objects in it are merged or replaced, so both count. Under types that are not known what is written is the whole row.
 */
export function outcomesOf(type: string, item: Uint8Array | undefined): Outcomes {
  if (item === undefined || !mergeTypes.has(type)) return asWritten
  const target = parseJsonBody(item)
  if (type === mergePatchType) return (patch) => [mergePatch(target, patch)]
  return (patch) => [mergePatch(target, patch), assign(target, patch)]
}

const mergePatchType = 'application/merge-patch+json'
const mergeTypes: ReadonlySet<string> = new Set([mergePatchType, 'application/json'])

/** RFC 7396 section 2. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch
  const merged = new Map(isPlainObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** The same without a look into the members. */
function assign(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch) || !isPlainObject(target)) return patch
  return { __proto__: null, ...target, ...patch }
}
