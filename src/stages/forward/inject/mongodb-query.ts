import { isPlainObject } from '../../../mask/describe.ts'
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
import { queryRefused } from './query-parts.ts'

/**
 * `{$and: [client, mask]}`. Refused in the client's filter: every operator that is not known to look at the document
 * alone, so `$where`, `$function`, `$jsonSchema` and what a later MongoDB brings; operators in disguise. Absent or null
 * asks for everything. Without a mask the filter goes on as it came, if it stands.
 */
export function injectMongodb(client: unknown, mask: unknown): unknown {
  if (isAbsent(client)) return mask
  new MongodbWalk().filter(client)
  return mask === undefined ? client : { $and: [client, mask] }
}

/** The mask as the first stage, before the client's own, each of which has to look at nothing but what comes to it. */
export function injectMongodbPipeline(client: unknown, mask: unknown): unknown {
  const walk = new MongodbWalk()
  const stages = isAbsent(client) ? [] : walk.pipeline(client)
  return mask === undefined ? client : [{ $match: mask }, ...stages]
}

const junctions: ReadonlySet<string> = new Set(['$and', '$or', '$nor'])

class MongodbWalk {
  readonly #walk = new Walk()

  pipeline(value: unknown): readonly unknown[] {
    const stages = this.#walk.items(value, 'a pipeline')
    for (const stage of stages) this.#walk.enter(() => this.#stage(stage))
    return stages
  }

  #stage(value: unknown): void {
    const [member, ...more] = this.#walk.members(value, 'a stage')
    if (member === undefined || more.length > 0) throw queryRefused('a stage of no or several names')
    const [name, body] = member
    if (name === '$match') return this.filter(body)
    if (name === '$facet') {
      for (const [, pipeline] of this.#walk.members(body, 'a $facet')) this.#walk.enter(() => this.pipeline(pipeline))
      return
    }
    if (!plainStages.has(name)) throw queryRefused('a stage that may reach past the mask')
    this.#data(body, expressionOperators)
  }

  filter(value: unknown): void {
    for (const [name, condition] of this.#walk.members(value, 'a filter')) {
      this.#walk.enter(() => this.#clause(name, condition))
    }
  }

  #clause(name: string, condition: unknown): void {
    if (junctions.has(name)) {
      for (const branch of this.#walk.items(condition, 'a list of filters')) this.#walk.enter(() => this.filter(branch))
    } else if (name === '$expr') this.#data(condition, expressionOperators)
    else if (name === '$text') this.#data(condition, textOptions)
    else if (name === '$comment') this.#data(condition, literalTypes)
    else if (name.startsWith('$')) throw queryRefused('an operator that may reach past the mask')
    else this.#condition(condition)
  }

  /** A value, or operators on one field. */
  #condition(value: unknown): void {
    if (!isOperators(value)) return this.#data(value, literalTypes)
    for (const [name, operand] of this.#walk.members(value, 'a condition')) {
      this.#walk.enter(() => this.#operator(name, operand))
    }
  }

  #operator(name: string, operand: unknown): void {
    if (valueOperators.has(name)) this.#data(operand, literalTypes)
    else if (listOperators.has(name)) {
      const check =
        name === '$all' ? (item: unknown) => this.#condition(item) : (item: unknown) => this.#data(item, literalTypes)
      for (const item of this.#walk.items(operand, 'a list of values')) this.#walk.enter(() => check(item))
    } else if (name === '$not') this.#condition(operand)
    else if (name === '$elemMatch') this.#element(operand)
    else if (geoOperators.has(name)) this.#data(operand, geoShapes)
    else throw queryRefused('an operator that may reach past the mask')
  }

  /** `$elemMatch` takes a filter on documents, or operators on values. */
  #element(value: unknown): void {
    const isFilter =
      isPlainObject(value) && Object.keys(value).some((name) => !name.startsWith('$') || junctions.has(name))
    if (isFilter) this.filter(value)
    else this.#condition(value)
  }

  /** Anything whose operators are all `allowed`, or types of Extended JSON. */
  #data(value: unknown, allowed: ReadonlySet<string>): void {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of this.#walk.items(value, 'a list')) this.#walk.enter(() => this.#data(item, allowed))
    } else if (isPlainObject(value)) {
      for (const [name, member] of this.#walk.members(value, 'a value')) {
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
