import { type Dataset, type FieldType, JsonNumber } from '../../../src/mask/language.ts'

/**
 * What an index keeps of a document, and which documents a query finds, by the Elasticsearch reference ("Arrays",
 * "Numeric field types", "Date field type", "Term-level queries", "Boolean query", "Missing date components"). Lists
 * are laid flat, nulls and empty lists are no values, and a negation is over all values of a field.
 */
export type Indexed = ReadonlyMap<string, readonly Term[]>

/** A text or truth value, a whole number, a double, or the milliseconds of a date. */
type Term = string | boolean | bigint | number

const mapping: Readonly<Record<FieldType, 'keyword' | 'long' | 'double' | 'boolean' | 'date'>> = {
  string: 'keyword',
  id: 'keyword',
  'string[]': 'keyword',
  integer: 'long',
  number: 'double',
  boolean: 'boolean',
  date: 'date',
  datetime: 'date',
}

class Rejection extends Error {}

export class ElasticsearchIndex {
  readonly #types: ReadonlyMap<string, FieldType>

  constructor({ fields }: Dataset) {
    this.#types = new Map([...fields.values()].map(({ path, type }) => [path.join('.'), type]))
  }

  /** Undefined where the mapping refuses the document. */
  index(row: Readonly<Record<string, unknown>>): Indexed | undefined {
    const terms = new Map<string, Term[]>()
    try {
      this.#collect(row, [], terms)
      return terms
    } catch (error) {
      if (error instanceof Rejection) return undefined
      throw error
    }
  }

  #collect(value: unknown, path: readonly string[], terms: Map<string, Term[]>): void {
    if (value === null || value === undefined) return
    if (Array.isArray(value)) {
      for (const item of value) this.#collect(item, path, terms)
      return
    }
    const name = path.join('.')
    const type = this.#types.get(name)
    if (typeof value === 'object' && !(value instanceof JsonNumber)) {
      if (type !== undefined) throw new Rejection('an object for a value')
      for (const [key, held] of Object.entries(value)) this.#collect(held, [...path, key], terms)
      return
    }
    if (type !== undefined) terms.set(name, [...(terms.get(name) ?? []), termOf(type, value)])
    else if ([...this.#types.keys()].some((known) => known.startsWith(`${name}.`)))
      throw new Rejection('a value for an object')
  }

  finds(query: unknown, document: Indexed): boolean {
    const [kind, body, ...more] = Object.entries(recordOf(query)).flat()
    if (more.length > 0 || typeof kind !== 'string') throw new TypeError('a clause has one name')
    switch (kind) {
      case 'match_all':
        return true
      case 'match_none':
        return false
      case 'bool':
        return this.#findsBool(recordOf(body), document)
      case 'exists':
        return (document.get(String(recordOf(body)['field'])) ?? []).length > 0
      case 'terms': {
        const [name, values] = only(body)
        return listOf(values).some((value) => this.#hasTerm(name, value, document))
      }
      case 'term':
      case 'prefix':
      case 'range': {
        const [name, parameters] = only(body)
        return this.#findsField(kind, name, recordOf(parameters), document)
      }
      default:
        throw new TypeError(`unknown query ${kind}`)
    }
  }

  #findsBool(body: Readonly<Record<string, unknown>>, document: Indexed): boolean {
    const { filter = [], must_not = [], should = [], minimum_should_match = 0, ...unknown } = body
    if (Object.keys(unknown).length > 0) throw new TypeError('unknown part of a bool query')
    const finds = (clause: unknown) => this.finds(clause, document)
    if (!listOf(filter).every(finds) || listOf(must_not).some(finds)) return false
    return listOf(should).filter(finds).length >= Number(minimum_should_match)
  }

  #findsField(
    kind: 'term' | 'prefix' | 'range',
    name: string,
    parameters: Readonly<Record<string, unknown>>,
    document: Indexed,
  ): boolean {
    if (kind === 'term') return this.#hasTerm(name, parameters['value'], document)
    const terms = document.get(name) ?? []
    if (kind === 'prefix') {
      const start = String(parameters['value'])
      return terms.some((term) => typeof term === 'string' && term.startsWith(start))
    }
    const type = this.#typeOf(name)
    return terms.some((term) =>
      Object.entries(parameters).every(([side, limit]) => isWithin(term, side, limitOf(type, limit, side))),
    )
  }

  #hasTerm(name: string, value: unknown, document: Indexed): boolean {
    const type = this.#typeOf(name)
    const terms = document.get(name) ?? []
    if (mapping[type] !== 'date') return terms.includes(termOf(type, value))
    const [from, to] = [limitOf(type, value, 'gte'), limitOf(type, value, 'lte')]
    return terms.some((term) => isWithin(term, 'gte', from) && isWithin(term, 'lte', to))
  }

  #typeOf(name: string): FieldType {
    const type = this.#types.get(name)
    if (type === undefined) throw new TypeError(`unknown field ${name}`)
    return type
  }
}

function termOf(type: FieldType, value: unknown): Term {
  switch (mapping[type]) {
    case 'keyword':
      return value instanceof JsonNumber ? value.text : String(value)
    case 'boolean':
      if (value === true || value === 'true') return true
      if (value === false || value === 'false' || value === '') return false
      throw new Rejection('no truth value')
    case 'long':
      return longOf(numeralOf(value))
    case 'double': {
      const double = Number(numeralOf(value))
      if (!Number.isFinite(double)) throw new Rejection('no double')
      return double
    }
    case 'date':
      return instantOf(value)[0]
  }
}

function numeralOf(value: unknown): string {
  const text = value instanceof JsonNumber ? value.text : value
  if (typeof text !== 'string' || !/^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text))
    throw new Rejection('no number')
  return text
}

/** Fractions are cut off, as `coerce` does. */
function longOf(text: string): bigint {
  const whole = /^-?[0-9]+$/.test(text) ? BigInt(text) : BigInt(Math.trunc(Number(text)))
  if (whole < -(2n ** 63n) || whole >= 2n ** 63n) throw new Rejection('no 64-bit integer')
  return whole
}

function limitOf(type: FieldType, value: unknown, side: string): Term {
  if (mapping[type] !== 'date') return termOf(type, value)
  const [first, last] = instantOf(value)
  return side === 'gt' || side === 'lte' ? last : first
}

const datePattern =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?)?$/

/** The first and the last millisecond that `strict_date_optional_time||epoch_millis` takes a value for. */
function instantOf(value: unknown): readonly [number, number] {
  if (value instanceof JsonNumber) {
    if (!/^-?[0-9]{1,15}$/.test(value.text)) throw new Rejection('no epoch')
    return [Number(value.text), Number(value.text)]
  }
  const match = typeof value === 'string' ? datePattern.exec(value) : null
  if (match === null) throw new Rejection('no date')
  const [, day = '', time, fraction, zone = 'Z'] = match
  if (new Date(Date.parse(`${day}T00:00:00Z`) || 0).toISOString().slice(0, 10) !== day)
    throw new Rejection('no such day')
  const at = (rest: string) => Date.parse(`${day}T${rest}${zone}`)
  if (time === undefined) return [at('00:00:00.000'), at('23:59:59.999')]
  if (Number.isNaN(at(time))) throw new Rejection('no such time')
  if (fraction === undefined) return [at(`${time}.000`), at(`${time}.999`)]
  const ms = at(`${time}.${fraction.slice(0, 3).padEnd(3, '0')}`)
  return [ms, ms]
}

function isWithin(term: Term, side: string, limit: Term): boolean {
  const sign = compare(term, limit)
  if (side === 'gt') return sign > 0
  if (side === 'gte') return sign >= 0
  if (side === 'lt') return sign < 0
  if (side === 'lte') return sign <= 0
  throw new TypeError(`unknown side ${side}`)
}

function compare(term: Term, limit: Term): number {
  if (typeof term === 'string' && typeof limit === 'string') {
    return Buffer.compare(Buffer.from(term), Buffer.from(limit))
  }
  if (typeof term !== typeof limit) throw new TypeError('terms of two types')
  return term === limit ? 0 : term < limit ? -1 : 1
}

function only(value: unknown): readonly [string, unknown] {
  const [entry, ...more] = Object.entries(recordOf(value))
  if (entry === undefined || more.length > 0) throw new TypeError('one field is needed')
  return entry
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
