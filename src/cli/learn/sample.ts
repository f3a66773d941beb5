import { isPlainObject } from '../../mask/describe.ts'
import { instantFromText, isDate } from '../../mask/instant.ts'
import type { FieldType } from '../../mask/language.ts'
import { count } from '../print.ts'
import { isIdName, type Shape, unknown } from './shape.ts'

const maxDistinct = 1000
/** More different values than this tell no groups of rows apart. */
const maxGroups = 20
const maxDepth = 32
/** An object with more keys, or with keys that look like values, is a table of data and no row. */
const maxKeys = 200
const keyLikeData = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24,}|.*[@\s].*)$/i

type Seen = 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime'

/** Everything that was met at one place of recorded answers. Values are counted, and none of them ever leaves. */
export class Sample {
  readonly #types = new Map<Seen, number>()
  readonly #values = new Set<string>()
  readonly #members = new Map<string, Sample>()
  #element: Sample | undefined
  #objects = 0
  #lists = 0
  #nulls = 0
  #tooDeep = false
  #hasDataKeys = false

  /** A parsed JSON value. */
  add(value: unknown, depth = 0): void {
    if (depth > maxDepth) this.#tooDeep = true
    else if (value === null || value === undefined) this.#nulls++
    else if (Array.isArray(value)) this.#addList(value, depth)
    else if (isPlainObject(value)) this.#addObject(value, depth)
    else if (typeof value === 'string') this.#scalar(stringType(value), value)
    else if (typeof value === 'boolean') this.#scalar('boolean', String(value))
    else if (typeof value === 'number') this.#scalar(Number.isInteger(value) ? 'integer' : 'number', String(value))
  }

  /** The text of a format that has no types of its own. */
  addText(text: string): void {
    this.#scalar(textType(text), text)
  }

  /** Says that one object begins; its members are added to `member`. */
  addObject(): void {
    this.#objects++
  }

  member(name: string): Sample {
    const known = this.#members.get(name) ?? new Sample()
    if (this.#members.size >= maxKeys) this.#hasDataKeys = true
    else this.#members.set(name, known)
    return known
  }

  get element(): Sample {
    this.#element ??= new Sample()
    return this.#element
  }

  #addList(items: readonly unknown[], depth: number): void {
    this.#lists++
    for (const item of items) this.element.add(item, depth + 1)
  }

  #addObject(value: Readonly<Record<string, unknown>>, depth: number): void {
    this.#objects++
    const entries = Object.entries(value)
    if (entries.length > maxKeys || entries.some(([key]) => keyLikeData.test(key))) this.#hasDataKeys = true
    else for (const [key, of] of entries) this.member(key).add(of, depth + 1)
  }

  #scalar(type: Seen, value: string): void {
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1)
    if (this.#values.size < maxDistinct) this.#values.add(value)
  }

  /** What all of it has in common. */
  shape(name?: string): Shape {
    const scalars = [...this.#types.values()].reduce((sum, n) => sum + n, 0)
    const kinds = [this.#objects, this.#lists, scalars].filter((n) => n > 0).length
    if (this.#tooDeep) return unknown('nested too deeply')
    if (kinds === 0) return unknown('null wherever it was met')
    if (kinds > 1) return unknown('objects, lists or scalars in turn')
    if (this.#lists > 0)
      return this.#element === undefined
        ? unknown('always an empty list')
        : { kind: 'list', element: this.#element.shape() }
    return this.#objects > 0 ? this.#objectShape() : this.#scalarShape(name, scalars)
  }

  #objectShape(): Shape {
    if (this.#hasDataKeys) return unknown('its keys look like data, so they are not named here')
    if (this.#members.size === 0) return unknown('always an empty object')
    const members = [...this.#members].map(([key, sample]) => {
      const optional = sample.#met < this.#objects || sample.#nulls > 0
      return [key, { shape: sample.shape(key), optional }] as const
    })
    return { kind: 'object', name: undefined, members: new Map(members) }
  }

  get #met(): number {
    return this.#objects + this.#lists + this.#nulls + [...this.#types.values()].reduce((sum, n) => sum + n, 0)
  }

  #scalarShape(name: string | undefined, met: number): Shape {
    const type = commonType([...this.#types.keys()], name !== undefined && isIdName(name))
    if (type === undefined) return unknown(`several types: ${[...this.#types.keys()].toSorted().join(', ')}`)
    const full = this.#values.size >= maxDistinct
    const distinct = full ? undefined : this.#values.size
    const grouped = distinct !== undefined && distinct > 1 && distinct <= maxGroups && distinct < met
    return { kind: 'scalar', type, notes: met < 3 ? [`seen ${count(met, 'time')} only`] : [], distinct, grouped }
  }
}

function commonType(types: readonly Seen[], isId: boolean): FieldType | undefined {
  const [only] = types
  if (types.length === 1 && only !== undefined) return isId && (only === 'string' || only === 'integer') ? 'id' : only
  if (types.every((type) => type === 'integer' || type === 'number')) return 'number'
  if (types.every((type) => type === 'string' || type === 'date' || type === 'datetime')) return isId ? 'id' : 'string'
  return isId && types.every((type) => type === 'string' || type === 'integer') ? 'id' : undefined
}

function stringType(text: string): Seen {
  if (isDate(text)) return 'date'
  return instantFromText(text) === undefined ? 'string' : 'datetime'
}

function textType(text: string): Seen {
  if (text === 'true' || text === 'false') return 'boolean'
  if (/^-?(?:0|[1-9][0-9]{0,18})$/.test(text)) return 'integer'
  return /^-?(?:0|[1-9][0-9]*)\.[0-9]+$/.test(text) ? 'number' : stringType(text)
}
