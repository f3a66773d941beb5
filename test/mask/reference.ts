import type { FieldType } from '../../src/mask/language.ts'
import { ledger } from './masks.ts'

/**
 * The language a second time, as plainly as it can be said: three values, straight over the mask as written, with
 * JavaScript numbers. It knows nothing of trees, binding or folding.
 */
export type Verdict = 'true' | 'false' | 'unknown'

export type Row = Readonly<Record<string, unknown>>
export type Attributes = Readonly<Record<string, unknown>>

export function judge(mask: unknown, row: Row, attributes: Attributes): Verdict {
  if (mask === true) return 'true'
  return every(
    entriesOf(mask).map(([key, written]) => {
      if (key === '$and') return every(listOf(written).map((part) => judge(part, row, attributes)))
      if (key === '$or') return some(listOf(written).map((part) => judge(part, row, attributes)))
      return judgeField(typeOf(key), written, row[key], attributes)
    }),
  )
}

function every(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('false')) return 'false'
  return verdicts.includes('unknown') ? 'unknown' : 'true'
}

function some(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('true')) return 'true'
  return verdicts.includes('unknown') ? 'unknown' : 'false'
}

function typeOf(name: string): FieldType {
  return ledger().fields.get(name)?.type ?? 'string'
}

function judgeField(type: FieldType, written: unknown, value: unknown, attributes: Attributes): Verdict {
  const bare = typeof written !== 'object' || written === null || '$user' in written
  const conditions: object = bare ? { [type === 'string[]' ? '$has' : '$eq']: written } : written
  return every(
    Object.entries(conditions).map(([operator, operand]) => judgeTest(type, operator, operand, value, attributes)),
  )
}

function judgeTest(
  type: FieldType,
  operator: string,
  written: unknown,
  value: unknown,
  attributes: Attributes,
): Verdict {
  if (operator === '$exists') return verdict((value !== undefined && value !== null) === written)
  const operand = resolve(written, attributes)
  const list = ['$in', '$nin', '$hasAny', '$hasNone'].includes(operator)
  const operands = list ? operand : [operand]
  if (!Array.isArray(operands) || operands.length === 0) return 'unknown'
  const keys = operands.map((item) => (item === '' && isReference(written) ? undefined : key(type, item)))
  if (keys.includes(undefined)) return 'unknown'
  if (type === 'string[]') {
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return 'unknown'
    return verdict(value.some((item) => keys.includes(item)) !== (operator === '$hasNone'))
  }
  const held = key(type, value)
  return held === undefined ? 'unknown' : verdict(compare(operator, held, keys))
}

function compare(operator: string, held: Key, keys: readonly (Key | undefined)[]): boolean {
  const [first] = keys
  if (first === undefined) return false
  if (operator === '$prefix') return String(held).startsWith(String(first))
  if (operator === '$ne' || operator === '$nin') return !keys.includes(held)
  if (operator === '$eq' || operator === '$in') return keys.includes(held)
  const sign =
    typeof held === 'string'
      ? Buffer.compare(Buffer.from(held), Buffer.from(String(first)))
      : Number(held) - Number(first)
  if (operator === '$gt') return sign > 0
  if (operator === '$gte') return sign >= 0
  return operator === '$lt' ? sign < 0 : sign <= 0
}

type Key = string | number | boolean

/** A value as its type compares it; undefined where it is of another type. */
function key(type: FieldType, value: unknown): Key | undefined {
  switch (type) {
    case 'string':
    case 'string[]':
      return typeof value === 'string' ? value : undefined
    case 'id':
      return typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : undefined
    case 'integer':
      return Number.isSafeInteger(value) ? Number(value) : undefined
    case 'number':
      return typeof value === 'number' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined
    case 'datetime':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value
      return typeof value === 'string' && value.includes('T') ? Date.parse(value) : undefined
  }
}

function resolve(written: unknown, attributes: Attributes): unknown {
  return isReference(written) ? attributes[String(written.$user)] : written
}

function isReference(written: unknown): written is { readonly $user: unknown } {
  return typeof written === 'object' && written !== null && '$user' in written
}

function verdict(holds: boolean): Verdict {
  return holds ? 'true' : 'false'
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
