import type { DatasetRouteConfig, RowPointer } from '../../config/config.ts'
import type { MaskedRows } from '../../exchange.ts'
import { isPlainObject } from '../../mask/describe.ts'
import { explainRow, type FailedRule } from '../../mask/evaluate.ts'
import { type FieldValue, JsonNumber } from '../../mask/language.ts'
import { parseJsonExact, readRow } from '../../mask/row-values.ts'
import { CommandError } from '../cli.ts'

export interface RowVerdict {
  /** From 0, in the order of the document. */
  readonly index: number
  /** Its member `id`, where it has one. */
  readonly id: string | undefined
  readonly kept: boolean
  /** What keeps it back. */
  readonly because: readonly FailedRule[]
  /** Declared fields that would be taken out of it. */
  readonly withheld: readonly string[]
}

/** Says of each row of an answer whether the caller would get it, and by which rule not. */
export function explainRows(text: string, route: DatasetRouteConfig, rows: MaskedRows): readonly RowVerdict[] {
  const document = parseDocument(text)
  return route.rows.at
    .flatMap((pointer) => rowsAt(document, pointer))
    .map((row, index) => explain(row, index, route, rows))
}

function explain(
  row: unknown,
  index: number,
  { dataset }: DatasetRouteConfig,
  { mask, withhold }: MaskedRows,
): RowVerdict {
  const fields = [...dataset.fields.values()]
  const values = new Map<string, FieldValue>()
  for (const [i, value] of readRow(row, fields).entries()) values.set(fields[i]?.name ?? '', value)
  const { permitted, failed } = explainRow(mask, values)
  const withheld = permitted ? withhold.filter((name) => values.get(name) !== undefined) : []
  return { index, id: idOf(row), kept: permitted, because: failed, withheld }
}

function idOf(row: unknown): string | undefined {
  const id = isPlainObject(row) && Object.hasOwn(row, 'id') ? row['id'] : undefined
  if (id instanceof JsonNumber) return id.text
  return typeof id === 'string' ? id : undefined
}

function parseDocument(text: string): unknown {
  try {
    return parseJsonExact(text, { maxLength: text.length })
  } catch (cause) {
    throw new CommandError('the answer is not JSON with single keys: the edge would block it', { cause })
  }
}

function rowsAt(document: unknown, pointer: RowPointer): readonly unknown[] {
  let found: readonly unknown[] = [document]
  for (const token of pointer)
    found = found.flatMap((value) => (token === '*' ? elementsOf(value, pointer) : [memberOf(value, token, pointer)]))
  return found
}

function elementsOf(value: unknown, pointer: RowPointer): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrongShape(pointer, 'a list')
}

function memberOf(value: unknown, token: string, pointer: RowPointer): unknown {
  if (isPlainObject(value) && Object.hasOwn(value, token)) return value[token]
  throw wrongShape(pointer, `a member ${token}`)
}

function wrongShape(pointer: RowPointer, what: string): CommandError {
  return new CommandError(
    `the answer has not the declared shape: /${pointer.join('/')} needs ${what}; the edge would block it`,
  )
}
