import { JsonNumber } from '../../../src/mask/language.ts'
import { type Bson, BsonDate, BsonNumber, type BsonObject, type NumberReader, toBson, typeName } from './bson.ts'

/**
 * Whether a document matches a filter, by the MongoDB manual ("Query and Projection Operators", "Query for Null or
 * Missing Fields", "Query an Array", "Comparison/Sort Order", "Type Bracketing"), for the operators that are used here:
 * a predicate on an array holds for the array or for any of its elements; a negation is the negation of that; a
 * comparison compares within one type; `null` equals what is absent. An operator that is not known is an error.
 */
export function matchesMongodb(filter: unknown, document: BsonObject, reader: NumberReader = 'longs'): boolean {
  return matches(recordOf(filter), document, reader)
}

function matches(filter: Readonly<Record<string, unknown>>, document: BsonObject, reader: NumberReader): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const each = (part: unknown) => matches(recordOf(part), document, reader)
    if (key === '$and') return listOf(condition).every(each)
    if (key === '$or') return listOf(condition).some(each)
    if (key.startsWith('$')) throw new TypeError(`unknown operator ${key}`)
    const reached = valuesAt(document, key.split('.'))
    return Object.entries(recordOf(condition)).every(([operator, operand]) => holds(reached, operator, operand, reader))
  })
}

/** What a path leads to; `undefined` where it leads nowhere. */
type Reached = readonly (Bson | undefined)[]

function valuesAt(value: Bson | undefined, path: readonly string[]): Reached {
  const [token, ...rest] = path
  if (token === undefined) return [value]
  if (isObject(value)) return valuesAt(value.get(token), rest)
  if (!Array.isArray(value)) return [undefined]
  const items: readonly Bson[] = value
  const within = items.filter(isObject).flatMap((item) => valuesAt(item, path))
  const byIndex = /^[0-9]+$/.test(token) && items[Number(token)] !== undefined
  const found = byIndex ? [...within, ...valuesAt(items[Number(token)], rest)] : within
  return found.length === 0 ? [undefined] : found
}

function holds(reached: Reached, operator: string, operand: unknown, reader: NumberReader): boolean {
  switch (operator) {
    case '$ne':
      return !holds(reached, '$eq', operand, reader)
    case '$nin':
      return !holds(reached, '$in', operand, reader)
    case '$not':
      return !Object.entries(recordOf(operand)).every(([name, inner]) => holds(reached, name, inner, reader))
    case '$exists':
      return reached.some((value) => value !== undefined) === operand
    case '$elemMatch': {
      const wanted = Object.entries(recordOf(operand))
      const suits = (item: Bson) => wanted.every(([name, inner]) => holdsForOne(item, name, inner, reader))
      return reached.some((value) => Array.isArray(value) && value.some(suits))
    }
    default:
      return reached.some((value) => withElements(value).some((each) => holdsForOne(each, operator, operand, reader)))
  }
}

function withElements(value: Bson | undefined): Reached {
  return Array.isArray(value) ? [...value, value] : [value]
}

function holdsForOne(value: Bson | undefined, operator: string, operand: unknown, reader: NumberReader): boolean {
  switch (operator) {
    case '$eq':
      return equals(value, literal(operand, reader))
    case '$in':
      return listOf(operand).some((item) => equals(value, literal(item, reader)))
    case '$gt':
      return compare(value, literal(operand, reader), (sign) => sign > 0)
    case '$gte':
      return compare(value, literal(operand, reader), (sign) => sign >= 0)
    case '$lt':
      return compare(value, literal(operand, reader), (sign) => sign < 0)
    case '$lte':
      return compare(value, literal(operand, reader), (sign) => sign <= 0)
    case '$type':
      return value !== undefined && (Array.isArray(operand) ? operand : [operand]).some((name) => isOfType(value, name))
    case '$regex':
      return typeof value === 'string' && new RegExp(String(operand), 'u').test(value)
    default:
      throw new TypeError(`unknown operator ${operator}`)
  }
}

const typeNames = 'double string object array null bool date int long decimal objectId binData'.split(' ')

function isOfType(value: Bson, name: unknown): boolean {
  if (name === 'number') return value instanceof BsonNumber
  if (typeof name !== 'string' || !typeNames.includes(name)) throw new TypeError('unknown type')
  return typeName(value) === name
}

function equals(value: Bson | undefined, operand: Bson): boolean {
  if (operand === null) return value === undefined || value === null
  if (value === undefined || value === null) return false
  if (typeof operand === 'object' && !(operand instanceof BsonNumber) && !(operand instanceof BsonDate)) {
    throw new TypeError('no test compares with a list or an object')
  }
  return typeof operand === 'boolean' ? value === operand : compare(value, operand, (sign) => sign === 0)
}

function compare(value: Bson | undefined, operand: Bson, holds: (sign: number) => boolean): boolean {
  if (typeof value === 'string' && typeof operand === 'string') {
    return holds(value === operand ? 0 : Buffer.compare(Buffer.from(value), Buffer.from(operand)))
  }
  if (value instanceof BsonNumber && operand instanceof BsonNumber) return holds(value.compare(operand))
  if (value instanceof BsonDate && operand instanceof BsonDate) return holds(value.ms - operand.ms)
  return false
}

function literal(operand: unknown, reader: NumberReader): Bson {
  return toBson(operand, (text) => BsonNumber.read(text, reader))
}

function isObject(value: Bson | undefined): value is BsonObject {
  return value instanceof Map
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('a list is needed')
  return value
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof JsonNumber) {
    throw new TypeError('an object is needed')
  }
  return { ...value }
}
