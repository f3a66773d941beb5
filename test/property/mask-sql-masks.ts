import * as fc from 'fast-check'
import type { Dataset, FieldDeclaration, FieldType } from '../../src/mask/language.ts'
import { type Operator, operatorSuits, takesList } from '../../src/mask/predicate.ts'
import { writtenMask } from '../mask/arbitraries.ts'
import { json, ledger } from '../mask/masks.ts'
import { operandsOf } from './mask-sql-values.ts'

/** Where the fields of the ledger stand in a row: some deep, some under keys that have to be escaped. */
const paths: Readonly<Record<string, readonly string[]>> = {
  tenant: ['tenant'],
  owner: ['meta', 'owner'],
  key: ['key'],
  count: ['meta', 'count'],
  amount: ['$."x"', 'amount'],
  open: ['meta', 'flags', 'open'],
  day: ["it's", 'a"b\\c'],
  at: ['😀', '0'],
  tags: [''],
}

/** The ledger of `test/mask/masks.ts`, kept as documents. */
export function nestedLedger(): Dataset {
  const fields = [...ledger().fields.values()].map((field): [string, FieldDeclaration] => [
    field.name,
    { ...field, path: paths[field.name] ?? [] },
  ])
  return ledger({ fields: new Map(fields) })
}

const operators: readonly Operator[] = [
  ...(['$eq', '$ne', '$in', '$nin', '$gt', '$gte', '$lt', '$lte', '$prefix', '$has', '$hasAny', '$hasNone'] as const),
]

const condition = fc
  .constantFrom(...ledger().fields.values())
  .chain(({ name, type }) =>
    fc
      .uniqueArray(operatorText(type), { minLength: 1, maxLength: 2, selector: (text) => text.split(':', 1)[0] })
      .map((texts) => `{${JSON.stringify(name)}:{${texts.join(',')}}}`),
  )

function operatorText(type: FieldType): fc.Arbitrary<string> {
  const suiting = operators.filter((operator) => operatorSuits(operator, type))
  const exists = fc.boolean().map((wanted) => `"$exists":${wanted}`)
  const comparison = fc
    .constantFrom(...suiting)
    .chain((operator) => operandText(type, operator).map((operand) => `${JSON.stringify(operator)}:${operand}`))
  return fc.oneof({ weight: 12, arbitrary: comparison }, { weight: 1, arbitrary: exists })
}

function operandText(type: FieldType, operator: Operator): fc.Arbitrary<string> {
  const literals = operandsOf(type).filter((text) => operator !== '$prefix' || text !== '""')
  const operand = fc.constantFrom(...literals)
  if (!takesList(operator)) return operand
  return fc.array(operand, { minLength: 1, maxLength: 5 }).map((items) => `[${items.join(',')}]`)
}

const combined = fc.oneof(
  { weight: 5, arbitrary: condition },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('$and', '$or'), fc.array(condition, { minLength: 2, maxLength: 4 }))
      .map(([kind, parts]) => `{"${kind}":[${parts.join(',')}]}`),
  },
)

/** Masks as written: those of the other tests, with references, and those about values that are hard to compare. */
export const anyMask: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: writtenMask },
  { weight: 2, arbitrary: combined.map(json) },
)

/** A user's attributes as the masks refer to them, with values that rows have. */
export const anyAttributes: fc.Arbitrary<ReadonlyMap<string, unknown>> = fc
  .record({
    one: fc.constantFrom<unknown>('a', 'b', '1', '2024-01-01', true, 1, "a'b"),
    many: fc.constantFrom<unknown>(['a', 'b'], ['1'], [1, 12], ['a', ''], [true], ['2024-02-29'], ['😀', 'é']),
    number: fc.constantFrom(1, 12, 0.1),
    empty: fc.constant(''),
    none: fc.constant([]),
  })
  .map((values) => new Map(Object.entries(values)))
