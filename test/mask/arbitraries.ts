import * as fc from 'fast-check'
import type { FieldType } from '../../src/mask/language.ts'
import { ledger } from './masks.ts'

/** Small pools, so that operands and values meet. */
const pools: Readonly<Record<FieldType, readonly unknown[]>> = {
  string: ['a', 'ab', 'b', '', '\uffff', '😀', 'é'],
  'string[]': ['a', 'ab', 'b', '', '😀'],
  id: ['a', '1', '12', 1, 12, 2 ** 53 - 1],
  integer: [0, 1, -1, 2, 12, 2 ** 53 - 1],
  number: [0, 1, -1.5, 0.1, 1e-9, 12],
  boolean: [true, false],
  date: ['2024-01-01', '2024-02-29', '2025-12-31'],
  datetime: ['2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00', '2024-01-01T00:00:00.001Z', 1704067200000, 0],
}

const attributeNames = ['one', 'many', 'number', 'empty', 'none', 'missing'] as const

export const attributes: fc.Arbitrary<Record<string, unknown>> = fc.record({
  one: fc.constantFrom('a', 'b', '1', '2024-01-01', true, 1),
  many: fc.constantFrom(['a', 'b'], ['1'], [1, 12], ['a', ''], [true], ['2024-02-29']),
  number: fc.constantFrom(1, 12, 0.1),
  empty: fc.constant(''),
  none: fc.constant([]),
})

const reference = fc.record({ $user: fc.constantFrom(...attributeNames) })

function single(type: FieldType): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: operand(type) }, { weight: 1, arbitrary: reference })
}

function operand(type: FieldType): fc.Arbitrary<unknown> {
  return fc.constantFrom(...pools[type])
}

function several(type: FieldType): fc.Arbitrary<unknown> {
  const list = fc.array(operand(type), { minLength: 1, maxLength: 3 })
  return fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: reference })
}

function condition(type: FieldType): fc.Arbitrary<unknown> {
  const exists = { $exists: fc.boolean() }
  const equality = { $eq: single(type), $ne: single(type), $in: several(type), $nin: several(type) }
  const order = { $gt: single(type), $gte: single(type), $lt: single(type), $lte: single(type) }
  const prefix = { $prefix: fc.oneof(fc.constantFrom('a', '1', '😀'), reference) }
  switch (type) {
    case 'string[]':
      return some({ $has: single(type), $hasAny: several(type), $hasNone: several(type), ...exists }, type)
    case 'string':
      return some({ ...equality, ...order, ...prefix, ...exists }, type)
    case 'id':
      return some({ ...equality, ...prefix, ...exists }, type)
    case 'boolean':
      return some({ ...equality, ...exists }, type)
    case 'integer':
    case 'number':
    case 'date':
    case 'datetime':
      return some({ ...equality, ...order, ...exists }, type)
  }
}

/** One or two operators, or a bare operand. */
function some(operators: Record<string, fc.Arbitrary<unknown>>, type: FieldType): fc.Arbitrary<unknown> {
  const names = Object.keys(operators)
  const written = fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, operators[name] ?? fc.constant(true)]))),
    )
  return fc.oneof({ weight: 3, arbitrary: written }, { weight: 1, arbitrary: single(type) })
}

const fields = [...ledger().fields.values()]

const test: fc.Arbitrary<unknown> = fc
  .constantFrom(...fields)
  .chain(({ name, type }) => condition(type).map((written) => ({ [name]: written })))

/** Masks as written, at most four levels deep. */
export const writtenMask: fc.Arbitrary<unknown> = fc.letrec<{ mask: unknown }>((tie) => ({
  mask: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 6, arbitrary: test },
    { weight: 1, arbitrary: fc.constant(true) },
    { weight: 3, arbitrary: fc.record({ $or: fc.array(tie('mask'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ $and: fc.array(tie('mask'), { minLength: 1, maxLength: 3 }) }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(test, test, fc.array(tie('mask'), { minLength: 1, maxLength: 2 }))
        .map(([one, two, $or]) => Object.assign({}, one, two, { $or })),
    },
  ),
})).mask

const wrong = fc.constantFrom<unknown>(null, 'x', 7, 1.5, true, [], ['a', 1], {})

/** Rows in which every field may be absent, null, or of any type. */
export const row: fc.Arbitrary<Record<string, unknown>> = fc.record(
  Object.fromEntries(
    fields.map(({ name, type }) => {
      const good = type === 'string[]' ? fc.array(operand(type), { maxLength: 3 }) : operand(type)
      return [name, fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: wrong })]
    }),
  ),
  { requiredKeys: [] },
)
