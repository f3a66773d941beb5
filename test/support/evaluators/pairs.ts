import { compilePredicate } from '../../../src/mask/evaluate.ts'
import { type Dataset, type FieldDeclaration, type FieldType, JsonNumber } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import {
  type Mask,
  type Node,
  type Operator,
  operatorSuits,
  type Test,
  takesList,
} from '../../../src/mask/predicate.ts'
import { readRow } from '../../../src/mask/row-values.ts'
import { ledger } from '../../mask/masks.ts'
import { Dice } from '../dice.ts'

/** What masks and rows are made of, by the type of the field. */
export type Pools = Readonly<Record<FieldType, readonly unknown[]>>

export type Row = Readonly<Record<string, unknown>>

/** Where the fields stand: at the top, in an object, or two objects deep under a name of digits. */
export const shapes = {
  'at the top': [],
  'in an object': ['meta'],
  'two objects deep': ['a', '0'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export function ledgerAt(above: readonly string[]): Dataset {
  const fields = [...ledger().fields.values()].map((field): [string, FieldDeclaration] => [
    field.name,
    { ...field, path: [...above, field.name] },
  ])
  return ledger({ fields: new Map(fields) })
}

export function numeral(text: string): JsonNumber {
  return new JsonNumber(text)
}

const texts = [
  'a',
  'ab',
  'b',
  '',
  'A',
  '\uffff',
  '😀',
  'é',
  'a*b',
  "it's",
  'a"b\\c',
  'x,y.z(1)',
  '%',
  'a_',
  'null',
  '[0]',
]

/** Operands that meet the values below, and some that no double or millisecond holds. */
export const operandPools: Pools = {
  string: texts,
  'string[]': texts,
  id: ['a', '1', '12', '07', 'a*b', numeral('12'), numeral('9007199254740991'), '9007199254740993', '-1'],
  integer: '0 1 -1 2 12 9007199254740991 9007199254740993 1152921504606847000 -9223372036854775809 1e30'
    .split(' ')
    .map(numeral),
  number: '0 1 -1.5 0.1 0.3 0.5 1e-9 12 0.10000000000000001 123456789012345678 -1e100 9e308'.split(' ').map(numeral),
  boolean: [true, false],
  date: ['2024-01-01', '2024-02-29', '2025-12-31'],
  datetime: [
    '2024-01-01T00:00:00Z',
    '2024-01-01T01:00:00.5+01:00',
    '2024-01-01T00:00:00.55Z',
    '2024-01-01T00:00:00.001Z',
    '2024-01-01T00:00:00.0000005Z',
    '2024-01-01T00:00:00.999Z',
    '9999-12-31T23:59:59.99999999Z',
    numeral('1704067200000'),
    numeral('0'),
  ],
}

/** Values in the usual spelling of their type. */
export const cleanPools: Pools = {
  string: [...texts, 'aXb', 'ba', 'abc', 'a b', 'xx,y', 'it'],
  'string[]': [['a'], ['a', 'ab'], ['b', ''], [], ['😀', 'a"b\\c'], ["it's", 'x,y.z(1)'], ['c'], ['NULL', 'null']],
  id: [
    ...'a 1 12 120 07 a*b aXb 9007199254740993'.split(' '),
    ...'1 12 120 -1 0 9007199254740991'.split(' ').map(numeral),
  ],
  integer: '0 1 -1 2 12 13 9007199254740991'.split(' ').map(numeral),
  number: '0 1 -1.5 0.1 0.2 0.3 0.30000000000000004 0.5 1e-9 12 -1e100 13'.split(' ').map(numeral),
  boolean: [true, false],
  date: ['2024-01-01', '2024-01-02', '2024-02-29', '2025-12-31', '2023-12-31'],
  datetime: [
    ...'Z .000Z .001Z .5Z .500Z .500000Z .49Z .55Z .551Z .6Z .05Z .999Z'
      .split(' ')
      .map((rest) => `2024-01-01T00:00:00${rest}`),
    '2024-01-01T00:00:01Z',
    '2023-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
    ...'1704067200000 1704067200500 1704067199999 0 -1'.split(' ').map(numeral),
  ],
}

const everyValue = Object.values(cleanPools).flat()

/** Other spellings, values of other types and values of none. */
export const dirtyValues: readonly unknown[] = [
  ...everyValue,
  ...'1.0 12e0 2.5 1e2 9007199254740992 9007199254740993 9007199254740994 1152921504606847000 1e30 0.10000000000000001'
    .split(' ')
    .map(numeral),
  '2024-01-01T01:00:00+01:00',
  '2023-12-31T23:30:00.5-00:30',
  '2024-01-01t00:00:00z',
  '2024-01-01T00:00:00.50Z',
  '2024-01-01T00:00:00.0Z',
  '2024-01-01T00:00:00.5000000000Z',
  '2024-01-01T00:00:00',
  '2024-01-01T00:00:60Z',
  '2024-02-30',
  [],
  [null],
  [numeral('1')],
  [true],
  ['a', null],
  ['a', numeral('1')],
  [['a']],
  [{}],
  ['2024-01-01'],
  {},
  { a: 'a' },
]

const operators: readonly Operator[] = [
  ...(['$eq', '$ne', '$in', '$nin', '$gt', '$gte', '$lt', '$lte'] as const),
  ...(['$prefix', '$exists', '$has', '$hasAny', '$hasNone'] as const),
]
const prefixes = ['a', '1', '12', '-', '0', 'a*', 'a_', '😀', '%', 'a"b\\', '\u{10ffff}']

/** A mask as written, at most three levels deep. */
export function writeMask(dice: Dice, dataset: Dataset, pools: Pools = operandPools, depth = 2): Row {
  const roll = dice.below(10)
  if (depth > 0 && roll < 5) {
    const parts = Array.from({ length: 1 + dice.below(3) }, () => writeMask(dice, dataset, pools, depth - 1))
    return roll < 2 ? { $and: parts } : { $or: parts }
  }
  const field = dice.pick([...dataset.fields.values()])
  const suiting = operators.filter((operator) => operatorSuits(operator, field.type))
  const chosen = Array.from({ length: 1 + dice.below(2) }, () => dice.pick(suiting))
  return { [field.name]: Object.fromEntries(chosen.map((each) => [each, operandFor(dice, field, each, pools)])) }
}

function operandFor(dice: Dice, { type }: FieldDeclaration, operator: Operator, pools: Pools): unknown {
  if (operator === '$exists') return dice.below(2) === 0
  if (operator === '$prefix') return dice.pick(prefixes)
  if (!takesList(operator)) return dice.pick(pools[type])
  return Array.from({ length: 1 + dice.below(3) }, () => dice.pick(pools[type]))
}

export function maskFrom(dice: Dice, dataset: Dataset, pools?: Pools): Mask {
  return parseMask(writeMask(dice, dataset, pools), dataset)
}

export interface RowMix {
  readonly pools?: Pools
  /** Stand in for every second value, and for some of the objects on the way. */
  readonly odd?: readonly unknown[]
  /** Types whose fields always have a value. */
  readonly always?: readonly FieldType[]
}

/** A row in which some fields are absent or null. */
export function rowFrom(dice: Dice, dataset: Dataset, { pools = cleanPools, odd = [], always = [] }: RowMix = {}): Row {
  const row: Record<string, unknown> = {}
  for (const { type, path } of dataset.fields.values()) {
    const isFree = !always.includes(type)
    if (isFree && dice.below(6) === 0) continue
    const isOdd = odd.length > 0 && dice.below(2) === 0
    place(row, path, isFree && dice.below(6) === 0 ? null : dice.pick(isOdd ? odd : pools[type]))
  }
  return odd.length > 0 && dice.below(4) === 0 ? misshapen(dice, row, odd) : row
}

function place(row: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let holder = row
  for (const token of path.slice(0, -1)) {
    const below: unknown = holder[token] ?? {}
    holder[token] = below
    holder = below as Record<string, unknown>
  }
  holder[path.at(-1) ?? ''] = value
}

/** The same with something else in place of an object on the way. */
function misshapen(dice: Dice, row: Row, odd: readonly unknown[]): Row {
  const objects = Object.entries(row).filter(([, value]) => isRecord(value))
  const [found] = objects
  if (found === undefined) return row
  const [key, value] = found
  const roll = dice.below(4)
  if (roll === 0 && isRecord(value)) return { ...row, [key]: misshapen(dice, value, odd) }
  return { ...row, [key]: roll === 1 ? [value] : roll === 2 ? [value, null] : dice.pick([...odd, null]) }
}

function isRecord(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

export interface Sample {
  readonly seed: number
  readonly mask: Mask
  readonly rows: readonly { readonly row: Row; readonly permitted: boolean }[]
}

/** Random masks, and for each of them random rows with what the predicate says of them. */
export function* samples(count: number, dataset: Dataset, mix: RowMix = {}, rowsPerMask = 20): Generator<Sample> {
  for (let seed = 1; seed <= count; seed++) {
    const dice = new Dice(seed)
    const mask = maskFrom(dice, dataset)
    const predicate = compilePredicate(mask)
    const rows = Array.from({ length: rowsPerMask }, () => {
      const row = rowFrom(dice, dataset, mix)
      return { row, permitted: predicate.test(readRow(row, predicate.reads)) }
    })
    yield { seed, mask, rows }
  }
}

/** Whether some test of a mask is such a one. */
export function someTest(node: Node, isSuch: (test: Test) => boolean): boolean {
  if (node.kind === 'test') return isSuch(node)
  return (node.kind === 'and' || node.kind === 'or') && node.children.some((child) => someTest(child, isSuch))
}

export function isStringOrder({ field, operator }: Test): boolean {
  return field.type === 'string' && ['$gt', '$gte', '$lt', '$lte'].includes(operator)
}

export function asksForPresence({ operator, operand }: Test): boolean {
  return operator === '$exists' && operand.kind === 'value' && operand.value === true
}
