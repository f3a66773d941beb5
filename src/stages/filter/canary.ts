import { ProxyError } from '../../errors.ts'
import type { Json } from '../../lib/json.ts'
import type { Dataset, FieldDeclaration } from '../../mask/language.ts'
import { openJson } from './open-json.ts'
import type { RowFilter, RowPlan, RowPointer } from './row-plan.ts'
import { JsonLinesFilter } from './rows-json-lines.ts'

const marker = 'sallyport-canary'

/**
 * Sends rows that must not get through and fields that must not stay through the real filters of `plan`; throws
 * ERR_ANSWER_VIOLATION where one survives. A plan whose canary survives is not to be used.
 */
export function runCanary(plan: RowPlan, dataset: Dataset, tenant: string): void {
  for (const row of canaryRows(plan, dataset, tenant)) {
    const text = JSON.stringify(row)
    for (const pointer of plan.at) survive(openJson(plan), document(pointer, text), dataset)
    survive(new JsonLinesFilter(plan), `${text}\n`, dataset)
  }
}

/** Foreign, without a tenant, with two kinds of wrong tenant; and ours, marked in the withheld fields alone. */
function canaryRows(plan: RowPlan, dataset: Dataset, tenant: string): readonly Json[] {
  const tenantField = dataset.fields.get(dataset.tenantField)
  if (tenantField === undefined) throw new TypeError(`dataset ${dataset.name} has no tenant field`)
  const full = filled([...dataset.fields.values()], tenant)
  const own = placed(full, tenantField.path, tenant)
  const foreign = [`${marker}-${tenant}`, null, [tenant], { id: tenant }].map((other) =>
    mark(placed(full, tenantField.path, other)),
  )
  return [...foreign, mark(placed(full, tenantField.path, undefined)), withheldMarked(plan, own)]
}

function filled(fields: readonly FieldDeclaration[], tenant: string): Json {
  let row: Json = {}
  for (const field of fields) row = placed(row, field.path, sample(field, tenant))
  return row
}

function sample(field: FieldDeclaration, tenant: string): Json {
  switch (field.type) {
    case 'string':
    case 'id':
      return tenant
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'date':
      return '2000-01-01'
    case 'datetime':
      return '2000-01-01T00:00:00Z'
    case 'string[]':
      return [tenant]
  }
}

function mark(row: Json): Json {
  return placed(row, [marker], marker)
}

function withheldMarked(plan: RowPlan, own: Json): Json {
  let row = own
  for (const field of plan.withhold) row = placed(row, field.path, marker)
  return row
}

/** A copy of `tree` with `value` at `path`; `*` makes an array of one; undefined takes the value away. */
function placed(tree: Json | undefined, path: RowPointer, value: Json | undefined): Json {
  const [token, ...rest] = path
  if (token === undefined) return value ?? null
  if (token === '*') return [placed(Array.isArray(tree) ? tree[0] : undefined, rest, value)]
  const members = new Map(isObject(tree) ? Object.entries(tree) : [])
  if (rest.length === 0 && value === undefined) members.delete(token)
  else members.set(token, placed(members.get(token), rest, value))
  return Object.fromEntries(members)
}

function isObject(tree: Json | undefined): tree is { readonly [key: string]: Json } {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree)
}

/** The row at `pointer`, with the marker beside the way to it. */
function document(pointer: RowPointer, row: string): string {
  const [token, ...rest] = pointer
  if (token === undefined) return row
  if (token === '*') return `[${document(rest, row)}]`
  return `{"${marker}":["${marker}"],${JSON.stringify(token)}:${document(rest, row)}}`
}

/** The marker may stand in a key beside the way to the rows, never in a value. */
function survive(filter: RowFilter, body: string, dataset: Dataset): void {
  let text = ''
  try {
    for (const piece of [filter.push(Buffer.from(body)), filter.end()]) text += Buffer.from(piece ?? []).toString()
  } catch (error) {
    if (error instanceof ProxyError) return
    throw error
  }
  if (text.replaceAll(`"${marker}":null`, '').includes(marker))
    throw new ProxyError('ERR_ANSWER_VIOLATION', `the canary of dataset ${dataset.name} survived the filter`)
}
