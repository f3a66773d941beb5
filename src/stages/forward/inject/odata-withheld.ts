import { parameterAsks } from '../inspect/withheld.ts'
import { type ODataToken, readODataTokens } from './odata-tokens.ts'
import { asksWithheld, type WithheldPaths } from './withheld-paths.ts'

/**
 * Holds a `$filter` that stands to properties that are not withheld. What holds a withheld property may be gone through
 * and counted, and not be compared. Behind a lambda variable a path is known by its names alone, so that a filter with
 * one is refused if it says all the names of a withheld path.
 */
export function requireApartFilter(text: string, withheld: WithheldPaths): void {
  if (withheld.isEmpty) return
  const tokens = readODataTokens(text)
  const paths = pathsOf(tokens)
  if (tokens.some(({ kind, text: mark }) => kind === 'mark' && mark === ':'))
    requireNotAmong(
      paths.flatMap(({ names }) => names),
      withheld,
    )
  for (const { names, isCompared } of paths) {
    requireNotAmong(names, withheld)
    // The row itself, and whatever else is compared whole.
    if (isCompared && names.length === 0) throw asksWithheld()
    if (isCompared) withheld.requireApart(names.filter(isNoType))
  }
}

/** The same of what stands in another option: its name is `option` without `$`, if it is one of OData's. */
export function requireApartOption(
  option: string | undefined,
  name: string,
  value: string,
  withheld: WithheldPaths,
): void {
  if (withheld.isEmpty) return
  // What is searched is the service's to say.
  if (option === 'search') throw asksWithheld()
  if (option !== 'select' && option !== 'orderby') {
    if (parameterAsks(name, value, withheld.fields)) throw asksWithheld()
    return
  }
  for (const item of value.includes('(') ? [value] : value.split(',')) {
    requireNotAmong(item.split(/[^\p{L}\p{N}\p{M}\p{Pc}]+/u), withheld)
    if (option === 'orderby') requireApartOrder(item, withheld)
  }
}

/** `lines/$count` orders by no more than how many there are. */
function requireApartOrder(item: string, withheld: WithheldPaths): void {
  const paths = item.split(/[^\p{L}\p{N}\p{M}\p{Pc}./]+/u).filter((path) => !path.endsWith('/'))
  for (const path of paths) withheld.requireApart(path.split('/').filter(isNoType))
}

function requireNotAmong(names: readonly string[], withheld: WithheldPaths): void {
  if (withheld.isAmong(names)) throw asksWithheld()
}

/** `Sales.Order` inside a path chooses a type; names of properties have no dots. */
function isNoType(name: string): boolean {
  return !name.includes('.')
}

interface PropertyPath {
  readonly names: readonly string[]
  /** It is not only gone through to a count or a lambda. */
  readonly isCompared: boolean
}

/** Every path in an expression; that of `$it` has no names. */
function pathsOf(tokens: readonly ODataToken[]): readonly PropertyPath[] {
  const paths: PropertyPath[] = []
  let names: string[] | undefined
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1]
    if (isRow(token)) names = []
    else if (token.kind === 'word' && !isCall(next)) names = [...(names ?? []), token.text]
    else if (names === undefined || isSlash(token)) continue
    else {
      paths.push({ names, isCompared: false })
      names = undefined
    }
    if (names === undefined || isSlash(next)) continue
    paths.push({ names, isCompared: true })
    names = undefined
  }
  return paths
}

function isRow({ kind, text }: ODataToken): boolean {
  return kind === 'system' && (text === '$it' || text === '$this')
}

function isCall(next: ODataToken | undefined): boolean {
  return next?.kind === 'mark' && next.text === '(' && !next.blank
}

function isSlash(token: ODataToken | undefined): boolean {
  return token?.kind === 'mark' && token.text === '/'
}
