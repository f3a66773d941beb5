import type { RowPointer } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { isPlainObject } from '../../mask/describe.ts'
import { compilePredicate } from '../../mask/evaluate.ts'
import type { Dataset } from '../../mask/language.ts'
import type { Mask } from '../../mask/predicate.ts'
import { readRow } from '../../mask/row-values.ts'
import { writeJsonExact } from '../../mask/write-json-exact.ts'
import { fillTenant } from './fill-tenant.ts'
import { parseJsonBody, requireJsonBody } from './json-body.ts'
import { applyJsonPatch, parseJsonPatch } from './json-patch.ts'
import { requireOneSpelling, requirePointerSpelling, requireSpellings } from './member-spelling.ts'
import { asWritten, type Outcomes, outcomesOf } from './merge-patch.ts'

/** Whether the route holds written rows to the writer's mask. */
export function checksBody(masked: Masked): boolean {
  return masked.route.rows?.check !== undefined
}

/** Whether there has to be something to hold: a deletion may come without a body. */
export function needsBody(masked: Masked): boolean {
  return checksBody(masked) && masked.arrival.method !== 'DELETE'
}

/**
 * Holds every row of a JSON body to the writer's mask (CWE-639): a row that names another tenant, lies outside the
 * mask, or writes a withheld field is refused. The body must be JSON with single keys. Gives back the body to forward:
 * as it came, unless a row that names no tenant was given the active one (`fill`).
 * `current` is the item a PATCH is aimed at: what counts is the row that the patch makes of it (RFC 7396, RFC 6902).
 */
export function checkBody(masked: Masked, body: Buffer, current?: Buffer): Buffer {
  const check = masked.route.rows?.check
  if (check === undefined || masked.rows.kind !== 'masked') return body
  const type = requireJsonBody(masked.headers, isJson)
  const item = masked.arrival.method === 'PATCH' ? current : undefined
  if (type !== jsonPatch) return checkRows(masked, body, check, outcomesOf(type, item))
  // RFC 6902 names changes, not rows: without the item they are made in there is no row to hold.
  if (item === undefined || !check.body.every((pointer) => pointer.length === 0))
    throw new ProxyError('ERR_BODY_TYPE', 'a JSON Patch where no item is looked at')
  checkPatch(masked, body, item)
  return body
}

const jsonPatch = 'application/json-patch+json'

function isJson(essence: string): boolean {
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence)
}

function checkRows(
  masked: Masked,
  body: Buffer,
  check: { readonly body: readonly RowPointer[]; readonly fill: boolean },
  outcomes: Outcomes,
): Buffer {
  const written = parseJsonBody(body)
  // A patch that leaves the tenant out leaves it as it is.
  const whole = masked.arrival.method === 'PATCH' ? check.body.filter(isList) : check.body
  const filled = check.fill ? fillTenant(written, whole, masked) : written
  checkWritten(masked, filled, check.body, outcomes)
  return filled === written ? body : Buffer.from(writeJsonExact(filled))
}

function checkPatch(masked: Masked, body: Buffer, item: Buffer): void {
  const operations = parseJsonPatch(parseJsonBody(body))
  const withheld = withheldOf(masked)
  for (const { path, from } of operations) {
    for (const pointer of from === undefined ? [path] : [path, from]) {
      requirePointerSpelling(pointer, datasetOf(masked))
      // A copy or a move would read it, a test would guess it.
      if (withheld.some((field) => meets(pointer, field.path))) throw writesWithheld()
    }
  }
  const row = applyJsonPatch(parseJsonBody(item), operations)
  requireSpellings(row, datasetOf(masked))
  requireInside(row, boundMask(masked))
}

/** Whether one of two places holds the other. */
function meets(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.every((token, at) => token === long[at])
}

/**
 * Holds the rows of a document that an upstream is to get: `pointers` say where they stand, and one must be there.
 * `outcomes` says what a row comes to; an entry of a list is always a row of its own.
 */
export function checkWritten(
  masked: Masked,
  document: unknown,
  pointers: readonly RowPointer[],
  outcomes: Outcomes = asWritten,
): void {
  const mask = boundMask(masked)
  let found = 0
  for (const pointer of pointers) {
    const comesTo = isList(pointer) ? asWritten : outcomes
    for (const written of rowsAt(document, pointer)) {
      found += 1
      for (const row of comesTo(written)) requireInside(row, mask)
      checkMembers(masked, written)
    }
  }
  if (found === 0) throw new ProxyError('ERR_BODY_UNREADABLE', 'no row where the route says rows are')
}

function isList(pointer: RowPointer): boolean {
  return pointer.includes('*')
}

function boundMask({ rows }: Masked): Mask | undefined {
  if (rows.kind !== 'masked') throw new TypeError('no mask to hold rows to')
  if (rows.mask.kind === 'none') throw new ProxyError('ERR_MASK_NONE', 'no grant to write')
  return rows.mask.kind === 'conditional' ? rows.mask.mask : undefined
}

function checkMembers(masked: Masked, written: unknown): void {
  requireSpellings(written, datasetOf(masked))
  if (withheldOf(masked).some(({ path }) => speaksOf(written, path))) throw writesWithheld()
}

/** Whether a row says what is to stand at `path`: also null, or something in place of an object on the way there. */
function speaksOf(row: unknown, path: readonly string[]): boolean {
  let value = row
  for (const token of path) {
    if (!isPlainObject(value)) return true
    if (!Object.hasOwn(value, token)) return false
    value = value[token]
  }
  return true
}

function requireInside(row: unknown, mask: Mask | undefined): void {
  if (mask === undefined) return
  const predicate = compilePredicate(mask)
  if (predicate.test(readRow(row, predicate.reads))) return
  throw new ProxyError('ERR_ROW_FORBIDDEN', 'a written row is outside the writer’s rows')
}

function writesWithheld(): ProxyError {
  return new ProxyError('ERR_ROW_FORBIDDEN', 'a written row holds a field that is withheld from the writer')
}

function datasetOf({ route }: Masked): Dataset {
  if (route.rows === undefined) throw new TypeError('rows without a dataset')
  return route.rows.dataset
}

function withheldOf(masked: Masked) {
  const { rows, route } = masked
  if (rows.kind !== 'masked') return []
  return rows.withhold.flatMap((name) => route.rows?.dataset.fields.get(name) ?? [])
}

/** The values a pointer finds; anything else than the declared shape refuses. */
export function rowsAt(document: unknown, pointer: readonly string[]): readonly unknown[] {
  let found: readonly unknown[] = [document]
  for (const token of pointer) {
    found = found.flatMap((value) => (token === '*' ? elementsOf(value) : [memberOf(value, token)]))
  }
  return found
}

function elementsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ProxyError('ERR_BODY_UNREADABLE', 'a list was declared, something else came')
  return value
}

function memberOf(value: unknown, token: string): unknown {
  requireOneSpelling(value, token)
  if (!isPlainObject(value) || !Object.hasOwn(value, token)) {
    throw new ProxyError('ERR_BODY_UNREADABLE', 'a declared member is missing')
  }
  return value[token]
}
