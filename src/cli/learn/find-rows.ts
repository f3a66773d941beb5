import { type ObjectShape, pointerText, type Shape } from './shape.ts'

/** A place in an answer where rows of one shape stand. */
export interface RowPlace {
  readonly at: string
  readonly shape: ObjectShape
  /** A list of them; otherwise the one object. */
  readonly list: boolean
}

/** What an answer holds. */
export interface AnswerPlaces {
  readonly rows: readonly RowPlace[]
  /** Counts of rows. */
  readonly totals: readonly string[]
  /** Scalars next to the rows; they become null. */
  readonly beside: readonly string[]
  readonly notes: readonly string[]
}

const maxDepth = 4
const listNames = /^(?:items|data|results?|rows|content|records|entries|values?|hits|elements|list|objects|_embedded)$/i
const wrapperNames = /^(?:data|result|item|object|record|payload|response|_embedded)$/i
const totalNames =
  /^(?:total|count|total[_-]?(?:count|items|elements|results|records|rows|hits|size)|num[_-]?found|records[_-]?(?:total|filtered)|row[_-]?count|item[_-]?count)$/i
const pagingNames =
  /^(?:page|pages|page[_-]?(?:size|number|no|index|count)|per[_-]?page|limit|offset|size|skip|start|next|prev(?:ious)?|first|last|cursor|next[_-]?(?:cursor|page|token|link)|next[_-]?page[_-]?token|has[_-]?(?:more|next)|total[_-]?pages|links?|_links|self|meta|paging|pagination|status|success|ok|code|message|error|version|took|facets|included|number)$/i

/** Says where rows seem to stand in an answer of this shape. */
export function findRows(shape: Shape): AnswerPlaces {
  switch (shape.kind) {
    case 'list':
      if (shape.element.kind === 'object') return only({ at: '/*', shape: shape.element, list: true })
      return nothing(`a list of ${describe(shape.element)}`)
    case 'object':
      return inObject(shape)
    case 'scalar':
      return nothing(`a single ${shape.type}`)
    case 'unknown':
      return nothing(shape.why)
  }
}

function inObject(shape: ObjectShape): AnswerPlaces {
  const lists = listsIn(shape, [], 0)
  if (lists.length > 0 && isEnvelope(shape)) return envelope(shape, lists)
  const [wrapped] = [...shape.members].filter(
    ([name, { shape: of }]) => wrapperNames.test(name) && of.kind === 'object',
  )
  if (wrapped !== undefined && wrapped[1].shape.kind === 'object' && others(shape, wrapped[0]).every(isPaging)) {
    const place = { at: pointerText([wrapped[0]]), shape: wrapped[1].shape, list: false }
    return { ...only(place), ...counts(shape, [place.at]), notes: ['guess: the one object under a wrapper is the row'] }
  }
  if (shape.members.size === 0) return nothing('an object without declared members')
  if ([...shape.members.keys()].every(isPaging)) return nothing('an object of counts or status alone')
  const inside = lists.map(({ at }) => `${at} is a list inside the row; if those are the rows, say at: [${at}]`)
  return { ...only({ at: '/', shape, list: false }), notes: inside }
}

/** Everything next to its lists counts rows or leads through pages: the object itself is no row. */
function isEnvelope(shape: ObjectShape): boolean {
  const members = [...shape.members]
  const lists = members.filter(([, { shape: of }]) => listsBelow(of))
  if (lists.some(([name]) => listNames.test(name)) && !shape.members.has('id')) return true
  const rest = members.filter(([, { shape: of }]) => !listsBelow(of))
  return rest.every(([name]) => isPaging(name))
}

function isPaging(name: string): boolean {
  return pagingNames.test(name) || totalNames.test(name)
}

function others(shape: ObjectShape, name: string): readonly string[] {
  return [...shape.members.keys()].filter((key) => key !== name)
}

function listsBelow(shape: Shape): boolean {
  if (shape.kind === 'list') return shape.element.kind === 'object'
  return shape.kind === 'object' && listsIn(shape, [], 1).length > 0
}

function listsIn(shape: ObjectShape, path: readonly string[], depth: number): readonly RowPlace[] {
  if (depth >= maxDepth) return []
  return [...shape.members].flatMap(([name, { shape: of }]): readonly RowPlace[] => {
    const at = [...path, name]
    if (of.kind === 'list' && of.element.kind === 'object')
      return [{ at: pointerText([...at, '*']), shape: of.element, list: true }]
    // Only wrappers are looked through: the lists of any other object are its own.
    return of.kind === 'object' && (isPaging(name) || listNames.test(name)) ? listsIn(of, at, depth + 1) : []
  })
}

function envelope(shape: ObjectShape, lists: readonly RowPlace[]): AnswerPlaces {
  const [first] = lists.toSorted((a, b) => rank(a) - rank(b))
  if (first === undefined) throw new TypeError('an envelope without a list')
  const same = lists.filter((place) => place === first || isSame(place.shape, first.shape))
  const foreign = lists.filter((place) => !same.includes(place))
  const notes = foreign.map(({ at }) => `${at} holds rows of another shape: everything there becomes null`)
  return {
    rows: same,
    notes,
    ...counts(
      shape,
      lists.map(({ at }) => at),
    ),
  }
}

function rank({ at }: RowPlace): number {
  return listNames.test(at.split('/').at(-2) ?? '') ? 0 : 1
}

function isSame(a: ObjectShape, b: ObjectShape): boolean {
  if (a.name !== undefined || b.name !== undefined) return a.name === b.name
  return [...a.members.keys()].toSorted().join('\n') === [...b.members.keys()].toSorted().join('\n')
}

function counts(shape: ObjectShape, rows: readonly string[]) {
  const scalars = scalarsIn(shape, [], 0).filter(({ at }) => !rows.some((row) => at.startsWith(row)))
  const totals = scalars.filter(({ name, number }) => number && totalNames.test(name)).map(({ at }) => at)
  return { totals, beside: scalars.map(({ at }) => at).filter((at) => !totals.includes(at)) }
}

interface Beside {
  readonly name: string
  readonly at: string
  readonly number: boolean
}

function scalarsIn(shape: ObjectShape, path: readonly string[], depth: number): readonly Beside[] {
  if (depth >= maxDepth) return []
  return [...shape.members].flatMap(([name, { shape: of }]): readonly Beside[] => {
    const at = [...path, name]
    if (of.kind === 'object') return scalarsIn(of, at, depth + 1)
    if (of.kind !== 'scalar') return []
    return [{ name, at: pointerText(at), number: of.type === 'integer' || of.type === 'number' }]
  })
}

function only(place: RowPlace): AnswerPlaces {
  return { rows: [place], totals: [], beside: [], notes: [] }
}

function nothing(why: string): AnswerPlaces {
  return { rows: [], totals: [], beside: [], notes: [`holds no rows: ${why}`] }
}

function describe(shape: Shape): string {
  switch (shape.kind) {
    case 'scalar':
      return `${shape.type} values`
    case 'unknown':
      return shape.why
    case 'list':
      return 'lists'
    case 'object':
      return 'objects'
  }
}
