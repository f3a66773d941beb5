import { isPlainObject } from '../../../mask/describe.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import { isAbsent, Walk } from './json-walk.ts'
import {
  expressionOperators,
  geoOperators,
  geoShapes,
  listOperators,
  literalTypes,
  plainStages,
  textOptions,
  valueOperators,
} from './mongodb-operators.ts'
import { indexReaders, removablePaths, requireApartExpression, unnamedReaders } from './mongodb-withheld.ts'
import { queryRefused } from './query-parts.ts'
import { asksWithheld, nothingWithheld, type WithheldPaths } from './withheld-paths.ts'

/**
 * `{$and: [client, mask]}`. Refused in the client's filter: every operator that is not known to look at the document
 * alone, so `$where`, `$function`, `$jsonSchema` and what a later MongoDB brings; operators in disguise; every mention of
 * a withheld field. Absent or null asks for everything. Without a mask the filter goes on as it came, if it stands.
 */
export function injectMongodb(client: unknown, mask: unknown, withheld: WithheldPaths): unknown {
  if (isAbsent(client)) return mask
  filterWalk(withheld).filter(client, [])
  return mask === undefined ? client : { $and: [client, mask] }
}

/**
 * The mask as the first stage, then the removal of what is withheld, then the client's own stages, each of which has to
 * look at nothing but what comes to it. A withheld field that is among `reads`, what the rows of the answer are held to,
 * cannot be removed: then only stages that leave documents as they are may follow, and none may mention it.
 */
export function injectMongodbPipeline(
  client: unknown,
  mask: unknown,
  withheld: WithheldPaths,
  reads: readonly FieldDeclaration[],
): unknown {
  const removed = removablePaths(withheld, reads)
  const stages = isAbsent(client) ? [] : requireStages(client, withheld, removed !== undefined)
  if (mask === undefined && withheld.isEmpty) return client
  const first = mask === undefined ? [] : [{ $match: mask }]
  const second = removed === undefined || removed.length === 0 ? [] : [{ $unset: removed }]
  return [...first, ...second, ...stages]
}

function requireStages(client: unknown, withheld: WithheldPaths, isRemoved: boolean): readonly unknown[] {
  if (!isRemoved) return filterWalk(withheld).narrowPipeline(client)
  const walk = new MongodbWalk(nothingWithheld, withheld.isEmpty ? nothing : indexReaders)
  return walk.pipeline(client)
}

function filterWalk(withheld: WithheldPaths): MongodbWalk {
  return new MongodbWalk(withheld, withheld.isEmpty ? nothing : unnamedReaders)
}

const nothing: ReadonlySet<string> = new Set()

const junctions: ReadonlySet<string> = new Set(['$and', '$or', '$nor'])
/** They ask whether a field is there and of what shape, not what is in it. */
const shapeOperators: ReadonlySet<string> = new Set(['$exists', '$type', '$size'])

class MongodbWalk {
  readonly #walk: Walk
  readonly #refused: ReadonlySet<string>

  /** `refused`: operators that are not let through, though they look at nothing else. */
  constructor(withheld: WithheldPaths, refused: ReadonlySet<string>) {
    this.#walk = new Walk(withheld)
    this.#refused = refused
  }

  /** Stages that choose, order and count documents, and mention nothing that is withheld. */
  narrowPipeline(value: unknown): readonly unknown[] {
    const stages = this.#walk.items(value, 'a pipeline')
    for (const stage of stages) {
      const [name, body] = this.#single(stage)
      if (name === '$match') this.#walk.enter(() => this.filter(body, []))
      else if (name === '$sort') this.#order(body)
      else if (name === '$skip' || name === '$limit') this.#data(body, nothing)
      else throw queryRefused('a stage that could read what is withheld')
    }
    return stages
  }

  #order(value: unknown): void {
    for (const [name, direction] of this.#walk.members(value, 'a $sort')) {
      this.#walk.withheld.requireApart([name])
      if (isPlainObject(direction)) throw queryRefused('an order by something else than fields')
    }
  }

  pipeline(value: unknown): readonly unknown[] {
    const stages = this.#walk.items(value, 'a pipeline')
    for (const stage of stages) this.#walk.enter(() => this.#stage(stage))
    return stages
  }

  #single(stage: unknown): readonly [string, unknown] {
    const [member, ...more] = this.#walk.members(stage, 'a stage')
    if (member === undefined || more.length > 0) throw queryRefused('a stage of no or several names')
    return member
  }

  #stage(value: unknown): void {
    const [name, body] = this.#single(value)
    if (name === '$match') return this.filter(body, [])
    if (name === '$facet') {
      for (const [, pipeline] of this.#walk.members(body, 'a $facet')) this.#walk.enter(() => this.pipeline(pipeline))
      return
    }
    if (!plainStages.has(name)) throw queryRefused('a stage that may reach past the mask')
    this.#data(body, expressionOperators)
  }

  /** `path`: of the documents that are asked. */
  filter(value: unknown, path: readonly string[]): void {
    for (const [name, condition] of this.#walk.members(value, 'a filter')) {
      this.#walk.enter(() => this.#clause(name, condition, path))
    }
  }

  #clause(name: string, condition: unknown, path: readonly string[]): void {
    if (this.#refused.has(name)) throw asksWithheld()
    if (junctions.has(name)) {
      for (const branch of this.#walk.items(condition, 'a list of filters'))
        this.#walk.enter(() => this.filter(branch, path))
    } else if (name === '$expr') this.#expression(condition)
    else if (name === '$text') this.#data(condition, textOptions)
    else if (name === '$comment') this.#data(condition, literalTypes)
    else if (name.startsWith('$')) throw queryRefused('an operator that may reach past the mask')
    else this.#field([...path, name], condition)
  }

  #expression(value: unknown): void {
    this.#data(value, expressionOperators)
    requireApartExpression(value, this.#walk.withheld)
  }

  #field(path: readonly string[], condition: unknown): void {
    this.#walk.withheld.requireOutside(path)
    this.#condition(condition, path)
  }

  /** A value, or operators on one field. */
  #condition(value: unknown, path: readonly string[]): void {
    if (!isOperators(value)) return this.#value(value, path)
    for (const [name, operand] of this.#walk.members(value, 'a condition')) {
      this.#walk.enter(() => this.#operator(name, operand, path))
    }
  }

  #operator(name: string, operand: unknown, path: readonly string[]): void {
    if (shapeOperators.has(name)) this.#data(operand, literalTypes)
    else if (valueOperators.has(name)) this.#value(operand, path)
    else if (listOperators.has(name)) {
      const check =
        name === '$all' ? (item: unknown) => this.#condition(item, path) : (item: unknown) => this.#value(item, path)
      for (const item of this.#walk.items(operand, 'a list of values')) this.#walk.enter(() => check(item))
    } else if (name === '$not') this.#condition(operand, path)
    else if (name === '$elemMatch') this.#element(operand, path)
    else if (geoOperators.has(name)) this.#value(operand, path, geoShapes)
    else throw queryRefused('an operator that may reach past the mask')
  }

  /** What is compared with a field; with one that holds a withheld field it would be compared too. */
  #value(value: unknown, path: readonly string[], allowed = literalTypes): void {
    this.#data(value, allowed)
    if (value !== null) this.#walk.withheld.requireApart(path)
  }

  /** `$elemMatch` takes a filter on documents, or operators on values. */
  #element(value: unknown, path: readonly string[]): void {
    const isFilter =
      isPlainObject(value) && Object.keys(value).some((name) => !name.startsWith('$') || junctions.has(name))
    if (isFilter) this.filter(value, path)
    else this.#condition(value, path)
  }

  /** Anything whose operators are all `allowed`, or types of Extended JSON. */
  #data(value: unknown, allowed: ReadonlySet<string>): void {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of this.#walk.items(value, 'a list')) this.#walk.enter(() => this.#data(item, allowed))
    } else if (isPlainObject(value)) {
      for (const [name, member] of this.#walk.members(value, 'a value')) {
        if (this.#refused.has(name)) throw asksWithheld()
        if (name.startsWith('$') && !allowed.has(name) && !literalTypes.has(name))
          throw queryRefused('an operator that may reach past the mask')
        this.#walk.enter(() => this.#data(member, allowed))
      }
    }
  }
}

/** Whether an object stands for operators, not for a document or a value of Extended JSON. */
function isOperators(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const names = Object.keys(value).filter((name) => name.startsWith('$'))
  return names.length > 0 && !names.every((name) => literalTypes.has(name))
}
