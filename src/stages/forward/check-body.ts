import type { RowPointer } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { compilePredicate } from '../../mask/evaluate.ts'
import { JsonNumber } from '../../mask/language.ts'
import type { Mask } from '../../mask/predicate.ts'
import { readRow } from '../../mask/row-values.ts'
import { parseJsonBody, requireJsonBody } from './json-body.ts'

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
 * mask, or writes a withheld field is refused. The body must be JSON with single keys; it is forwarded as it came.
 * `current` is the item a PATCH is aimed at: what counts is the row that the patch makes of it (RFC 7396).
 */
export function checkBody(masked: Masked, body: Buffer, current?: Buffer): void {
  const check = masked.route.rows?.check
  if (check === undefined || masked.rows.kind !== 'masked') return
  requireJsonBody(masked.headers, holdsRows)
  checkWritten(masked, body, check.body, masked.arrival.method === 'PATCH' ? current : undefined)
}

/** The same for any JSON text that an upstream is to get: `pointers` say where its rows stand, and one must be there. */
export function checkWritten(
  masked: Masked,
  text: Uint8Array,
  pointers: readonly RowPointer[],
  current: Uint8Array | undefined,
): void {
  const { rows } = masked
  if (rows.kind !== 'masked') throw new TypeError('no mask to hold rows to')
  if (rows.mask.kind === 'none') throw new ProxyError('ERR_MASK_NONE', 'no grant to write')
  const document = parseJsonBody(text)
  const found = pointers.flatMap((pointer) => rowsAt(document, pointer))
  if (found.length === 0) throw new ProxyError('ERR_BODY_UNREADABLE', 'no row where the route says rows are')
  const mask = rows.mask.kind === 'conditional' ? rows.mask.mask : undefined
  const item = current === undefined ? undefined : parseJsonBody(current)
  for (const row of found) checkRow(masked, row, item === undefined ? row : mergePatch(item, row), mask)
}

/** RFC 7396 section 2. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch
  const merged = new Map(isMembers(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

function holdsRows(essence: string): boolean {
  // RFC 6902: a list of changes, in which no row can be found.
  if (essence === 'application/json-patch+json') return false
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence)
}

/** `written` is what the body says, `row` what it comes to. */
function checkRow(masked: Masked, written: unknown, row: unknown, mask: Mask | undefined): void {
  if (mask !== undefined) {
    const predicate = compilePredicate(mask)
    if (!predicate.test(readRow(row, predicate.reads))) {
      throw new ProxyError('ERR_ROW_FORBIDDEN', 'a written row is outside the writer’s rows')
    }
  }
  const withheld = withheldOf(masked)
  for (const field of masked.route.rows?.dataset.fields.values() ?? []) requireSingleSpelling(written, field.path)
  if (readRow(written, withheld).some((value) => value !== undefined)) {
    throw new ProxyError('ERR_ROW_FORBIDDEN', 'a written row holds a field that is withheld from the writer')
  }
}

function withheldOf(masked: Masked) {
  const { rows, route } = masked
  if (rows.kind !== 'masked') return []
  return rows.withhold.flatMap((name) => route.rows?.dataset.fields.get(name) ?? [])
}

/** The values a pointer finds; anything else than the declared shape refuses. */
function rowsAt(document: unknown, pointer: readonly string[]): readonly unknown[] {
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

/** Upstreams that read member names without case would take `Account` for `account`: no row may hold both, or the other. */
function requireSingleSpelling(value: unknown, path: readonly string[]): void {
  const [token, ...rest] = path
  if (token === undefined || typeof value !== 'object' || value === null) return
  for (const name of Object.keys(value)) {
    if (name !== token && fold(name) === fold(token)) {
      throw new ProxyError('ERR_BODY_UNREADABLE', 'a declared member under another spelling')
    }
  }
  if (Object.hasOwn(value, token)) requireSingleSpelling(Reflect.get(value, token), rest)
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function memberOf(value: unknown, token: string): unknown {
  requireSingleSpelling(value, [token])
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, token)) {
    throw new ProxyError('ERR_BODY_UNREADABLE', 'a declared member is missing')
  }
  return Reflect.get(value, token)
}
