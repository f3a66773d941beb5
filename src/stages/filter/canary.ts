import type { RowsConfig } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Json } from '../../lib/json.ts'
import type { ReaderKind } from '../../lib/row-media.ts'
import type { Dataset, FieldDeclaration } from '../../mask/language.ts'
import { htmlPages, removedPages, scriptPages, type TextRow, xmlDocuments } from './canary-markup.ts'
import { defaultDecodeLimits } from './content-coding.ts'
import type { AnswerRules } from './filter-response.ts'
import { openFilter } from './open-filter.ts'
import type { RowFilter, RowPlan, RowPointer } from './row-plan.ts'

const marker = 'sallyport-canary'
/** Of a column: the first line of CSV goes out. */
const markColumn = 'canary'

/** One body, and the reader that it is for. */
interface CanaryBody {
  readonly kind: ReaderKind
  readonly text: string
}

/**
 * Sends rows that must not get through and fields that must not stay through the real filters of `plan`, in every kind
 * that `readers` declares; throws ERR_ANSWER_VIOLATION where one survives. A plan whose canary survives is not to be used.
 * Without `readers`: JSON at the plan's own places.
 */
export function runCanary(plan: RowPlan, dataset: Dataset, tenant: string, declared?: RowsConfig): void {
  const readers = declared ?? jsonAlone(plan)
  const rules: AnswerRules = { plan, readers, roles: [], pass: [], keepHeaders: [], decode: defaultDecodeLimits }
  const verdict = { kind: 'filter', status: 200, rawHeaders: [], coding: undefined, rules, isProblem: false } as const
  for (const { kind, text } of [
    ...jsonBodies(plan, readers, canaryRows(plan, dataset, tenant), declared === undefined || plan.at.length > 0),
    ...textBodies(readers, dataset, textRows(plan, dataset, tenant)),
  ])
    survive(openFilter({ ...verdict, bodyKind: kind }), text, dataset, kind)
}

function jsonAlone({ at, keep, strict }: RowPlan): RowsConfig {
  const none = { xml: undefined, csv: undefined, events: undefined, html: undefined, graphql: undefined }
  return { at, keep, strict, total: undefined, frames: undefined, ...none }
}

/** Everything that is JSON somewhere inside; `lines` = JSON lines too, which need no place. */
function jsonBodies(
  plan: RowPlan,
  { events, html }: RowsConfig,
  rows: readonly Json[],
  lines: boolean,
): readonly CanaryBody[] {
  return rows.flatMap((row) => {
    const text = JSON.stringify(row)
    const bodies: CanaryBody[] = lines ? [{ kind: 'json-lines', text: `${text}\n` }] : []
    for (const each of documents(plan.at, text)) bodies.push({ kind: 'json', text: each })
    if (html !== undefined)
      for (const each of scriptPages(html, ({ at }) => documents(at, text))) bodies.push({ kind: 'html', text: each })
    for (const [type, policy] of events?.types ?? [])
      for (const each of policy === 'rows' ? documents(events?.at ?? [], text) : [])
        bodies.push({ kind: 'events', text: `:${marker}\nevent: ${type}\ndata: ${each}\n\n` })
    return bodies
  })
}

/** The formats in which everything is text, and what must never go out whatever stands in it. */
function textBodies({ xml, csv, html, events }: RowsConfig, dataset: Dataset, rows: readonly TextRow[]): CanaryBody[] {
  const bodies: CanaryBody[] = []
  const add = (kind: ReaderKind, texts: readonly string[]): void => {
    for (const text of texts) bodies.push({ kind, text })
  }
  const fields = [...dataset.fields.values()]
  for (const row of rows) {
    for (const around of [undefined, marker]) if (xml !== undefined) add('xml', xmlDocuments(xml, fields, row, around))
    if (csv !== undefined) add('csv', [table(csv, fields, row)])
    // A page shows no blanks around a text: there they are no part of the tenant.
    if (html !== undefined && !isPadded(row, dataset)) add('html', htmlPages(html, row))
  }
  if (html !== undefined) add('html', removedPages(html, marker))
  const dropped = [...(events?.types ?? [])].flatMap(([type, policy]) => (policy === 'drop' ? [type] : []))
  if (events?.other === 'drop') dropped.push('undeclared-type')
  add(
    'events',
    dropped.map((type) => `event: ${type}\ndata: ${marker}\n\n`),
  )
  return bodies
}

function isPadded({ values }: TextRow, { tenantField }: Dataset): boolean {
  const text = values.get(tenantField) ?? ''
  return text !== text.trim()
}

function table(
  { delimiter, columns }: NonNullable<RowsConfig['csv']>,
  fields: readonly FieldDeclaration[],
  { values, mark }: TextRow,
): string {
  const named = fields.filter(({ name }) => values.has(name))
  const names = [...named.map(({ name }) => columns.get(name) ?? name), markColumn]
  const cells = [...named.map(({ name }) => values.get(name) ?? ''), mark ?? '']
  const line = (texts: readonly string[]): string =>
    texts.map((text) => (text === '' ? '' : `"${text.replaceAll('"', '""')}"`)).join(delimiter)
  return `${line(names)}\r\n${line(cells)}\r\n`
}

/** The same as `canaryRows`, as far as texts can say it. */
function textRows(plan: RowPlan, dataset: Dataset, tenant: string): readonly TextRow[] {
  const { tenantField, fields } = dataset
  const own = new Map(Array.from(fields.values(), (field) => [field.name, sampleText(field, tenant)]))
  const foreign = [`${marker}-${tenant}`, '', ` ${tenant}`, `${tenant} `].map((other) => ({
    values: new Map(own).set(tenantField, other),
    mark: marker,
  }))
  const withheld = new Map(own)
  for (const { name } of plan.withhold) withheld.set(name, marker)
  const absent = new Map(own)
  absent.delete(tenantField)
  return [...foreign, { values: absent, mark: marker }, { values: withheld, mark: undefined }]
}

function sampleText(field: FieldDeclaration, tenant: string): string {
  const value = sample(field, tenant)
  if (typeof value === 'string') return value
  return Array.isArray(value) ? tenant : JSON.stringify(value)
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

/** The row at each pointer: alone, and with the marker beside the way to it. */
function documents(pointers: readonly RowPointer[], row: string): readonly string[] {
  return pointers.flatMap((pointer) => [
    document(pointer, row, ''),
    document(pointer, row, `"${marker}":["${marker}"],`),
  ])
}

function document(pointer: RowPointer, row: string, beside: string): string {
  const [token, ...rest] = pointer
  if (token === undefined) return row
  if (token === '*') return `[${document(rest, row, beside)}]`
  return `{${beside}${JSON.stringify(token)}:${document(rest, row, beside)}}`
}

/** The marker may stand in a key beside the way to the rows, never in a value. */
function survive(filter: RowFilter, body: string, dataset: Dataset, kind: ReaderKind): void {
  let text = ''
  try {
    for (const piece of [filter.push(Buffer.from(body)), filter.end()]) text += Buffer.from(piece ?? []).toString()
  } catch (error) {
    if (error instanceof ProxyError) return
    throw error
  }
  if (text.replaceAll(`"${marker}":null`, '').includes(marker))
    throw new ProxyError('ERR_ANSWER_VIOLATION', `the canary of dataset ${dataset.name} survived the filter of ${kind}`)
}
