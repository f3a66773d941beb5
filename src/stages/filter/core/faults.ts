import { ProxyError } from '../../../errors.ts'

/** Why the core refuses an answer, by its number; the words are those of the plain reader. */
const faults = [
  ['ERR_INTERNAL', 'the core failed without a reason'],
  ['ERR_ANSWER_UNREADABLE', 'the answer is no JSON'],
  ['ERR_ANSWER_VIOLATION', 'a key on the way to the rows has two readings'],
  ['ERR_ANSWER_VIOLATION', 'a key that is ruled has two readings'],
  ['ERR_ANSWER_VIOLATION', 'a withheld field may stand where none was declared'],
  ['ERR_ANSWER_SHAPE', 'the way to the rows is not of the declared shape'],
  ['ERR_ANSWER_SHAPE', 'no object where the row should be'],
  ['ERR_ITEM_NOT_FOUND', 'the object is not permitted'],
  ['ERR_ANSWER_VIOLATION', 'a row is not permitted'],
  ['ERR_ANSWER_VIOLATION', 'a total counts rows unseen'],
  ['ERR_ANSWER_TOO_LARGE', 'a row is longer than the route allows'],
  ['ERR_ANSWER_SHAPE', 'the answer holds more than was declared'],
] as const

export function faultError(code: number): ProxyError {
  const [name, detail] = faults[code] ?? faults[0]
  return new ProxyError(name, detail)
}
