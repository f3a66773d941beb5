import { describeWritten, isPlainObject, shorten } from './describe.ts'
import { foldNode } from './fold.ts'
import type { Dataset, FieldDeclaration } from './language.ts'
import { type MaskLimits, ParseState, writtenLimits } from './parse-state.ts'
import { parseTest, readReference } from './parse-test.ts'
import { branch, falsehood, type Mask, makeMask, type Node, operatorFrom, truth } from './predicate.ts'

/** Reads a mask as written for `dataset`, in normal form; throws `MaskError` with everything that is wrong with it. */
export function parseMask(written: unknown, dataset: Dataset, limits: MaskLimits = writtenLimits): Mask {
  const state = new ParseState(dataset, limits.maxNodes)
  const root = parseNode(state, written, '', limits.maxDepth)
  state.throwProblems()
  return makeMask(dataset.name, foldNode(root))
}

function parseNode(state: ParseState, written: unknown, path: string, depthLeft: number): Node {
  if (written === true) return state.count(path) ? truth : falsehood
  if (!isPlainObject(written)) return state.refuse(path, `a mask is true or an object, got ${describeWritten(written)}`)
  if (depthLeft === 0) return state.refuse(path, 'nested too deep')
  const entries = Object.entries(written)
  if (entries.length === 0) return state.refuse(path, '{} is no mask; true permits every row')
  const children: Node[] = []
  for (const [key, value] of entries) {
    if (state.stopped) return falsehood
    children.push(parseEntry(state, key, value, join(path, key), depthLeft))
  }
  return branch('and', children)
}

function parseEntry(state: ParseState, key: string, written: unknown, path: string, depthLeft: number): Node {
  if (key === '$and' || key === '$or') return parseBranch(state, key, written, path, depthLeft)
  if (key.startsWith('$')) return state.refuse(path, `unknown operator ${shorten(key)}`)
  const field = forbiddenNames.has(key) ? undefined : state.dataset.fields.get(key)
  if (field === undefined) return state.refuse(path, `${state.dataset.name} declares no such field`)
  return parseCondition(state, field, written, path)
}

function parseBranch(state: ParseState, key: '$and' | '$or', written: unknown, path: string, depthLeft: number): Node {
  if (!Array.isArray(written))
    return state.refuse(path, `${key} needs a list of masks, got ${describeWritten(written)}`)
  if (written.length === 0) return state.refuse(path, `${key} needs at least one mask`)
  if (!state.count(path)) return falsehood
  const children: Node[] = []
  for (const [index, item] of written.entries()) {
    if (state.stopped) return falsehood
    children.push(parseNode(state, item, `${path}[${index}]`, depthLeft - 1))
  }
  return branch(key === '$and' ? 'and' : 'or', children)
}

/** A bare scalar or reference is `$eq`, on a list of strings `$has`. */
function parseCondition(state: ParseState, field: FieldDeclaration, written: unknown, path: string): Node {
  if (!isPlainObject(written) || readReference(written) !== undefined) {
    return parseTest(state, field, field.type === 'string[]' ? '$has' : '$eq', written, path)
  }
  const entries = Object.entries(written)
  if (entries.length === 0) return state.refuse(path, '{} is no condition')
  const tests: Node[] = []
  for (const [key, value] of entries) {
    if (state.stopped) return falsehood
    const operator = operatorFrom(key)
    if (operator === undefined) tests.push(state.refuse(path, `unknown operator ${shorten(key)}`))
    else tests.push(parseTest(state, field, operator, value, path))
  }
  return branch('and', tests)
}

const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function join(path: string, key: string): string {
  return path === '' ? shorten(key) : `${path}.${shorten(key)}`
}
