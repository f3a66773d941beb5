import { Query } from 'mingo'
import * as siftModule from 'sift'

export type PlainObject = Record<string, unknown>

export function mingoTester(filter: PlainObject): (row: PlainObject) => boolean {
  const query = new Query(filter)
  return (row) => query.test(row)
}

/** The module is CommonJS under an ES type declaration: its default is the function itself, or has it as a member. */
export function siftTester(filter: PlainObject): (row: PlainObject) => boolean {
  const exported: unknown = siftModule.default
  const make = exported as (filter: PlainObject) => (row: PlainObject) => boolean
  return make(filter)
}
