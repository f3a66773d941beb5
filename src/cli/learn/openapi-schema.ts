import { isPlainObject } from '../../mask/describe.ts'
import type { FieldType } from '../../mask/language.ts'
import { type OpenApiDocument, type OpenApiObject, referenceOf } from './openapi-document.ts'
import { isIdName, type ObjectShape, type Shape, scalar, unknown } from './shape.ts'

const maxDepth = 24
/** Schemas looked at in one document. */
const maxSchemas = 100_000

/** Reads the schemas of a document as shapes; each referenced schema once. */
export class SchemaReader {
  readonly #document: OpenApiDocument
  readonly #known = new Map<string, Shape>()
  readonly #open = new Set<string>()
  #looked = 0

  constructor(document: OpenApiDocument) {
    this.#document = document
  }

  /** `name` is the member's, since an integer called `id` is compared as text. */
  shapeOf(schema: unknown, name: string | undefined, depth = 0): Shape {
    if (depth > maxDepth || ++this.#looked > maxSchemas) return unknown('nested too deeply, or too large a document')
    if (!isPlainObject(schema)) return unknown(schema === true ? 'any value' : 'no schema')
    const reference = referenceOf(schema)
    return reference === undefined ? this.#read(schema, name, depth) : this.#referenced(reference, schema, name, depth)
  }

  #referenced(reference: string, schema: OpenApiObject, name: string | undefined, depth: number): Shape {
    // An id is told from other integers by its member's name, so that the name is part of what is known.
    const key = `${reference} ${name !== undefined && isIdName(name)}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#open.has(reference)) return unknown(`refers to itself (${reference})`)
    const target = this.#document.follow(schema)
    if (target === undefined) return unknown(`a reference that was not followed (${reference})`)
    this.#open.add(reference)
    const shape = this.#read(target, name, depth + 1)
    this.#open.delete(reference)
    const made = shape.kind === 'object' ? { ...shape, name: reference.split('/').at(-1) ?? shape.name } : shape
    this.#known.set(key, made)
    return made
  }

  #read(schema: OpenApiObject, name: string | undefined, depth: number): Shape {
    const { allOf, properties, items, enum: words } = schema
    if (Array.isArray(allOf)) return this.#merged(schema, allOf, name, depth)
    const choice = this.#choice(schema, name, depth)
    if (choice !== undefined) return choice
    const type = typeOf(schema)
    if (type === 'object' || (type === undefined && isPlainObject(properties))) return this.#object(schema, depth)
    if (type === 'array' || (type === undefined && items !== undefined))
      return { kind: 'list', element: this.shapeOf(items, undefined, depth + 1) }
    if (type === 'mixed') return unknown('values of several types')
    const [word] = Array.isArray(words) ? words : []
    return scalarOf(type ?? (typeof word === 'string' ? 'string' : undefined), schema['format'], name)
  }

  /** `anyOf: [X, null]` is how 3.1 says that X may be null; anything else has several readings. */
  #choice(schema: OpenApiObject, name: string | undefined, depth: number): Shape | undefined {
    for (const key of ['oneOf', 'anyOf'] as const) {
      const options: unknown = Object.hasOwn(schema, key) ? schema[key] : undefined
      if (!Array.isArray(options) || options.length === 0) continue
      const real = options.filter((option: unknown) => !isPlainObject(option) || option['type'] !== 'null')
      if (real.length === 1) return this.shapeOf(real[0], name, depth + 1)
      return unknown(`${key} of ${options.length} schemas: not looked into`)
    }
    return undefined
  }

  #merged(schema: OpenApiObject, parts: readonly unknown[], name: string | undefined, depth: number): Shape {
    const own = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'allOf'))
    const shapes = parts.map((part) => this.shapeOf(part, name, depth + 1))
    if (isPlainObject(own['properties'])) shapes.push(this.#object(own, depth))
    const [first] = shapes
    if (shapes.length === 1 && first !== undefined) return first
    const objects = shapes.filter((shape): shape is ObjectShape => shape.kind === 'object')
    if (objects.length === 0) return first ?? unknown('an empty allOf')
    const members = objects.flatMap((shape) => [...shape.members])
    const lost = shapes.length - objects.length
    if (lost === 0) return { kind: 'object', name: objects[0]?.name, members: new Map(members) }
    const why = unknown(`${lost} of ${shapes.length} parts of its allOf were not looked into`)
    return {
      kind: 'object',
      name: objects[0]?.name,
      members: new Map([...members, ['(allOf)', { shape: why, optional: true }]]),
    }
  }

  #object(schema: OpenApiObject, depth: number): Shape {
    const { properties, required, additionalProperties } = schema
    if (!isPlainObject(properties) || Object.keys(properties).length === 0)
      return unknown(isPlainObject(additionalProperties) ? 'its keys are data' : 'an object without declared members')
    const demanded = new Set(Array.isArray(required) ? required : [])
    const members = Object.entries(properties).map(([name, member]) => {
      const shape = this.shapeOf(member, name, depth + 1)
      return [name, { shape, optional: !demanded.has(name) || mayBeNull(member) }] as const
    })
    return { kind: 'object', name: undefined, members: new Map(members) }
  }
}

function mayBeNull(schema: unknown): boolean {
  if (!isPlainObject(schema)) return true
  const { type, nullable } = schema
  return nullable === true || schema['x-nullable'] === true || (Array.isArray(type) && type.includes('null'))
}

/** 3.1 writes `[string, 'null']`; `mixed` = several types that are no null. */
function typeOf({ type }: OpenApiObject): string | undefined {
  if (typeof type === 'string') return type
  if (!Array.isArray(type)) return undefined
  const real = type.filter((each) => each !== 'null')
  if (real.length > 1) return 'mixed'
  return typeof real[0] === 'string' ? real[0] : undefined
}

function scalarOf(type: string | undefined, format: unknown, name: string | undefined): Shape {
  const isId = name !== undefined && isIdName(name)
  switch (type) {
    case 'string':
      return scalar(isId && format === undefined ? 'id' : stringType(format))
    case 'integer':
      return isId ? scalar('id', ['integer in the document, compared as text']) : scalar('integer')
    case 'number':
    case 'boolean':
      return scalar(type)
    case undefined:
      return unknown('no type')
    default:
      return unknown(`type ${type}`)
  }
}

function stringType(format: unknown): FieldType {
  if (format === 'date') return 'date'
  if (format === 'date-time') return 'datetime'
  return format === 'uuid' ? 'id' : 'string'
}
