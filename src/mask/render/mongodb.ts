import type { FieldDeclaration, FieldType } from '../language.ts'
import { flagsOf, textsOf } from '../operand.ts'
import { type Mask, type Node, type Test, truth } from '../predicate.ts'
import { conditionOf } from './mongodb-condition.ts'
import type { Condition, Match } from './mongodb-match.ts'
import { rewrittenRoot } from './rewrite.ts'

type Filter = Readonly<Record<string, unknown>>

/**
 * A bound mask as a MongoDB filter over documents that hold what their JSON shows. Never narrower than the predicate;
 * the same on values in the usual spelling of their type. What a filter cannot say exactly is let through: numbers
 * between two doubles, times with an offset, BSON dates, and fields whose path has a name that is empty or has a dot,
 * a leading dollar or U+0000. Texts are compared by their bytes, so the collection has no collation. Numbers are
 * `JsonNumber`s and have to be written as they are spelled.
 */
export function renderMongodb(mask: Mask): Filter {
  return filterOf(rewrittenRoot(mask, (test) => (canName(test.field) ? test : truth)))
}

function canName({ path }: FieldDeclaration): boolean {
  return path.length > 0 && path.every((token) => /^[^$.\0][^.\0]*$/.test(token))
}

function filterOf(node: Node): Filter {
  switch (node.kind) {
    case 'true':
      return {}
    case 'false':
    case 'unknown':
      return { _id: { $in: [] } }
    case 'test':
      return testFilter(node)
    case 'and':
    case 'or':
      return { [`$${node.kind}`]: node.children.map(filterOf) }
  }
}

function testFilter(test: Test): Filter {
  const paths = pathsOf(test.field)
  if (test.operator === '$exists') return flagsOf(test).includes(true) ? presentFilter(paths) : absentFilter(paths)
  const guards = ancestorGuards(paths)
  if (test.field.type === 'string[]') return { [paths.own]: listMatch(test), ...guards }
  const condition = conditionOf(test)
  if (condition.kind === 'any') return { ...anyFilter(paths.own, condition.matches), ...guards }
  return { [paths.own]: besidesMatch(condition, test.field.type), ...guards }
}

interface Paths {
  readonly own: string
  readonly ancestors: readonly string[]
}

function pathsOf({ path }: FieldDeclaration): Paths {
  const dotted = path.map((_, at) => path.slice(0, at + 1).join('.'))
  return { own: dotted.at(-1) ?? '', ancestors: dotted.slice(0, -1) }
}

/** A test on an array asks its elements, also on the way: a row with a list there is of another shape than declared. */
const noList = { $not: { $type: 'array' } }

function ancestorGuards({ ancestors }: Paths): Filter {
  return Object.fromEntries(ancestors.map((path) => [path, noList]))
}

function anyFilter(path: string, matches: readonly Match[]): Filter {
  const [only] = matches
  if (matches.length === 1) return { [path]: { ...only, ...noList } }
  return { $or: matches.map((match) => ({ [path]: match })), [path]: noList }
}

/** `$nin` holds for what is absent and for every type. */
function besidesMatch({ values }: Condition & { readonly kind: 'besides' }, type: FieldType): Match {
  const guarded = { $exists: true, $not: { $type: [...containers, 'null', ...otherScalars[type]] } }
  return values.length === 0 ? guarded : { $nin: values, ...guarded }
}

const containers = ['array', 'object'] as const
const numbers = ['int', 'long', 'double'] as const

/** What JSON shows as a scalar of another type. What it shows as text may be kept as an ObjectId, a UUID or a date. */
const otherScalars: Readonly<Record<FieldType, readonly string[]>> = {
  string: ['bool', ...numbers],
  id: ['bool'],
  integer: ['bool', 'string'],
  number: ['bool', 'string'],
  boolean: ['string', ...numbers],
  date: ['bool', ...numbers],
  datetime: ['bool'],
  'string[]': ['bool', ...numbers],
}

function listMatch(test: Test): Match {
  const ofTexts = { $not: { $elemMatch: { $type: [...containers, 'null', ...otherScalars['string[]']] } } }
  const texts = textsOf(test)
  if (test.operator === '$hasNone') return { $type: 'array', $nin: texts, ...ofTexts }
  return { $elemMatch: { $in: texts }, ...ofTexts }
}

/** Present is also what stands under something that is no object: the row is of another shape, and holds something. */
function presentFilter({ own, ancestors }: Paths): Filter {
  const otherShapes = ancestors.flatMap((path) => [
    { [path]: { $type: 'array' } },
    { [path]: { $ne: null, $not: { $type: 'object' } } },
  ])
  return { $or: [{ [own]: { $ne: null } }, { [own]: { $type: 'array' } }, ...otherShapes] }
}

function absentFilter({ own, ancestors }: Paths): Filter {
  const noScalar = { $not: { $type: ['array', 'string', 'bool', ...numbers] } }
  return { [own]: { $eq: null, ...noList }, ...Object.fromEntries(ancestors.map((path) => [path, noScalar])) }
}
