import type { SanitiseProfile } from '../../../config/config.ts'

/** The names with a `$` that a profile lets through. */
export interface Operators {
  /** As a whole name. */
  readonly whole: ReadonlySet<string>
  /** As a part of a name too, between brackets or dots. */
  readonly parts: ReadonlySet<string>
}

const nothing: ReadonlySet<string> = new Set()

/** OData 4.01 part 2 section 5.1, and `$inlinecount` of version 2. Other cases are refused: services differ on them. */
const odataOptions: readonly string[] = [
  'filter select top skip orderby count expand search format levels apply compute index id schemaversion',
  'deltatoken skiptoken inlinecount',
].flatMap((names) => names.split(' '))

/** JSON Schema, drafts 3 to 2020-12. */
const schemaKeywords = names(
  '$schema $id $ref $defs $anchor $comment $vocabulary $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor',
)

/**
 * Operators that compare a row's own fields, join comparisons, or order and cut what was found. A client that may
 * reshape rows (`$project`, `$group`, `$set`) could give any row the tenant's mark; one that may look elsewhere
 * (`$lookup`, `$unionWith`), write (`$out`, `$merge`), or run code (`$where`, `$function`, `$expr`) is not asked about
 * rows at all. `$regex` lets a client choose how long the upstream works.
 */
const queryOperators = names(
  [
    '$and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $all $elemMatch $size $type $mod',
    // The same in query builders of JavaScript.
    '$eqi $nei $notIn $between $notBetween $contains $containsi $notContains $notContainsi',
    '$startsWith $startsWithi $endsWith $endsWithi $null $notNull',
    // Around the query, and the stages of a pipeline that leave rows as they are.
    '$match $sort $limit $skip $select',
    // Values that JSON cannot spell (MongoDB Extended JSON 2).
    '$oid $date $uuid $numberInt $numberLong $numberDouble $numberDecimal',
  ].join(' '),
)

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

const none: Operators = { whole: nothing, parts: nothing }
const query: Operators = { whole: queryOperators, parts: queryOperators }
const options = new Set(odataOptions.map((option) => `$${option}`))
const inQueries: Readonly<Record<SanitiseProfile, Operators>> = {
  strict: none,
  odata: { whole: options, parts: nothing },
  jsonschema: none,
  'query-api': query,
  raw: none,
}
const inDocuments: Readonly<Record<SanitiseProfile, Operators>> = {
  strict: none,
  odata: none,
  jsonschema: { whole: schemaKeywords, parts: nothing },
  'query-api': query,
  raw: none,
}

/** In the names of parameters. */
export function parameterOperators(profile: SanitiseProfile): Operators {
  return inQueries[profile]
}

/** In the keys of JSON. */
export function keyOperators(profile: SanitiseProfile): Operators {
  return inDocuments[profile]
}

/** The system query option that an OData service would see, which may come without its `$` (4.01); undefined = none. */
export function odataOption(name: string): string | undefined {
  const option = name.toLowerCase().replace(/^\$/, '')
  return options.has(`$${option}`) ? option : undefined
}
