import { isPlainObject } from '../../../mask/describe.ts'
import { requireField, requireFields, requireNamedFields } from './elasticsearch-fields.ts'
import type { Members, Walk } from './json-walk.ts'
import { queryRefused } from './query-parts.ts'

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** Queries on one field: `{<field>: value or {option: value}}`. */
const fieldQueries = names(
  'term match match_phrase match_phrase_prefix match_bool_prefix prefix wildcard regexp fuzzy range span_term terms_set',
)
/** Queries whose members are all options. */
const optionQueries = names('match_all match_none exists ids distance_feature rank_feature')
/** The same, on several fields. */
const severalQueries = names('multi_match combined_fields query_string simple_query_string')
const geoQueries = names('geo_bounding_box geo_distance geo_polygon geo_grid geo_shape shape')

/** What in a compound query is a query, or a list of them. */
const branches: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['bool', names('must should filter must_not')],
  ['dis_max', names('queries')],
  ['constant_score', names('filter')],
  ['boosting', names('positive negative')],
  ['nested', names('query')],
  ['function_score', names('query')],
])

/** Their other members. */
const options: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['bool', names('minimum_should_match boost _name')],
  ['dis_max', names('tie_breaker boost _name')],
  ['constant_score', names('boost _name')],
  ['boosting', names('negative_boost boost _name')],
  ['nested', names('path score_mode ignore_unmapped boost _name')],
  ['function_score', names('boost max_boost min_score score_mode boost_mode weight _name')],
])

/** How `function_score` may score: by fields of the row and by chance, not by a script. */
const scorers = names('field_value_factor random_score gauss linear exp')
/** Those that have the name of a field among their members. */
const decays = names('gauss linear exp')

/**
 * Holds a query to those that look at the rows of the search alone. Refused: scripts, `wrapper` (a query in base64),
 * lookups in other documents (`terms` of an index, `more_like_this`, `percolate`, an `indexed_shape`), parents and
 * children, vectors and models, `inner_hits`, every query that is not known, and every mention of a withheld field.
 */
export function requireSearchQuery(value: unknown, walk: Walk): void {
  const [member, ...more] = walk.members(value, 'a query')
  if (member === undefined || more.length > 0) throw queryRefused('a query of no or several names')
  const [name, body] = member
  walk.enter(() => {
    if (name === 'terms') requireTerms(body, walk)
    else if (fieldQueries.has(name)) requireFieldQuery(body, walk)
    else if (optionQueries.has(name)) requirePlain(body, 1, walk)
    else if (severalQueries.has(name)) requireSeveral(name, body, walk)
    else if (geoQueries.has(name)) requireShapes(body, walk)
    else requireCompound(name, body, walk)
  })
}

function requireCompound(name: string, body: unknown, walk: Walk): void {
  const [queries, plain] = [branches.get(name), options.get(name)]
  if (queries === undefined || plain === undefined) throw queryRefused('a query that may reach past the mask')
  for (const [key, value] of walk.members(body, 'a query')) {
    if (queries.has(key)) requireQueries(value, walk)
    else if (plain.has(key)) requireOption(key, value, 0, walk)
    else if (name === 'function_score') requireFunction(key, value, walk)
    else throw queryRefused('an option of a query that is not known')
  }
}

function requireQueries(value: unknown, walk: Walk): void {
  if (!Array.isArray(value)) return requireSearchQuery(value, walk)
  for (const query of walk.items(value, 'a list of queries')) requireSearchQuery(query, walk)
}

function requireFunction(key: string, value: unknown, walk: Walk): void {
  if (scorers.has(key)) return requireScorer(key, value, walk)
  if (key !== 'functions') throw queryRefused('a score that may reach past the mask')
  for (const scorer of walk.items(value, 'a list of scores')) {
    for (const [name, body] of walk.members(scorer, 'a score')) {
      if (name === 'filter') requireSearchQuery(body, walk)
      else if (name === 'weight') requirePlain(body, 0, walk)
      else if (scorers.has(name)) requireScorer(name, body, walk)
      else throw queryRefused('a score that may reach past the mask')
    }
  }
}

function requireScorer(name: string, body: unknown, walk: Walk): void {
  if (decays.has(name)) requireFields(body, walk)
  requirePlain(body, 3, walk)
}

function requireSeveral(name: string, body: unknown, walk: Walk): void {
  requireNamedFields(name, body, walk)
  requirePlain(body, 1, walk)
}

function requireShapes(body: unknown, walk: Walk): void {
  requireFields(body, walk)
  requirePlain(body, 12, walk)
}

/** Values only: an object would name a document that holds them. */
function requireTerms(body: unknown, walk: Walk): void {
  requireFields(body, walk)
  for (const [name, value] of walk.members(body, 'a terms query')) {
    if (name !== 'boost' && name !== '_name' && !Array.isArray(value)) throw queryRefused('terms that are no list')
    requirePlain(value, 0, walk, 'values')
  }
}

/** Under the name of a field, which may be any, stand a value or options, none of which may be a script. */
function requireFieldQuery(body: unknown, walk: Walk): void {
  requireFields(body, walk)
  for (const [, value] of walk.members(body, 'a query on a field')) requirePlain(value, 1, walk, 'values')
}

/** Words of options that run code or look elsewhere; `description` is none of them. */
const forbidden = /(?:^|_)(?:scripts?|scripted|inner_hits|indexed_shape|runtime|lookup)(?:_|$)/

/** Options whose texts are values, or words that mark or format them; those of all others may be names of fields. */
const valueOptions = names(
  'query value values terms gte gt lte lt from to origin missing include includes exclude excludes format search_after ' +
    'pre_tags post_tags',
)

/** What texts are: values that fields are compared with, or words that may name a field. */
type Texts = 'values' | 'names'

/**
 * Scalars, lists of them, and objects at most `depth` deep whose names are options that run nothing and look nowhere,
 * and whose texts name no withheld field.
 */
export function requirePlain(value: unknown, depth: number, walk: Walk, texts: Texts = 'names'): void {
  if (Array.isArray(value)) {
    for (const item of walk.items(value, 'a list')) walk.enter(() => requirePlain(item, depth, walk, texts))
  } else if (isPlainObject(value)) {
    if (depth <= 0) throw queryRefused('a value that is an object')
    requireOptions(value, walk)
    for (const [name, member] of Object.entries(value)) walk.enter(() => requireOption(name, member, depth - 1, walk))
  } else if (typeof value === 'string' && texts === 'names') requireField(value, walk)
}

/** One option and its value. Rows lie in what holds their fields: the path of a `nested` asks for none of them. */
export function requireOption(name: string, value: unknown, depth: number, walk: Walk): void {
  const option = snakeCase(name)
  if (option === 'path' && typeof value === 'string') requireField(value, walk, 'place')
  else requirePlain(value, depth, walk, valueOptions.has(option) ? 'values' : 'names')
}

function requireOptions(value: Members, walk: Walk): void {
  for (const [name] of walk.members(value, 'options')) {
    if (forbidden.test(snakeCase(name))) throw queryRefused('an option that may reach past the mask')
  }
}

/** Old versions take `innerHits` for `inner_hits`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
}
