import type { LearnedField } from './row-fields.ts'

/** What companies call the company, best first; compared without case, separators and a final id, key, code or name. */
const names = [
  'tenant',
  'account',
  'organisation',
  'organization',
  'org',
  'company',
  'customer',
  'client',
  'workspace',
  'mandant',
  'subscriber',
  'firm',
  'business',
  'merchant',
  'vendor',
  'supplier',
  'site',
  'realm',
]
/** After these it is a guess that somebody has to confirm. */
const strong = 6
const maxListed = 6

export interface TenantChoice {
  /** Undefined where nothing is called like a tenant. */
  readonly field: LearnedField | undefined
  /** For whoever decides. */
  readonly comments: readonly string[]
}

/** Proposes the field that names a row's tenant: by name alone, so somebody has to confirm it. */
export function chooseTenant(fields: readonly LearnedField[], wanted: string | undefined): TenantChoice {
  const able = fields.filter(({ type }) => type === 'string' || type === 'id')
  const given = able.find(({ name, path }) => name === wanted || path.at(-1) === wanted)
  if (given !== undefined) return { field: given, comments: ['tenant: as --tenant-field says', ...doubts(given)] }
  const ranked = able
    .map((field) => ({ field, rank: rankOf(field.path.at(-1) ?? '') }))
    .filter(({ rank }) => rank >= 0)
    .toSorted((a, b) => a.rank - b.rank || a.field.path.length - b.field.path.length)
  const others = ranked.slice(1, maxListed).map(({ field }) => labelOf(field))
  const [best] = ranked
  if (best === undefined) return { field: undefined, comments: [noTenant, ...groupings(able)] }
  const sure = best.rank < strong ? 'likely' : 'guess'
  return {
    field: best.field,
    comments: [
      `tenant: ${sure}, by its name alone${countOf(best.field)}. Confirm that it says whose row it is.`,
      ...(others.length === 0 ? [] : [`Other candidates: ${others.join(', ')}`]),
      ...doubts(best.field),
      ...groupings(able.filter((field) => !ranked.some((known) => known.field === field))),
    ],
  }
}

const noTenant =
  'tenant: no field is called like one. Name the field that says whose row it is; without one the rows cannot be told apart.'

function rankOf(name: string): number {
  const bare = name
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replace(/(?:id|key|code|uuid|name|ref|no|number)$/, '')
  return names.findIndex(
    (each) => bare === each || bare === `${each}s` || bare === `owner${each}` || bare === `${each}ing`,
  )
}

function doubts({ optional }: LearnedField): readonly string[] {
  return optional ? ['It may be missing or null: such rows never go out.'] : []
}

/** Recorded answers show which fields have few values; the values themselves stay where they are. */
function groupings(fields: readonly LearnedField[]): readonly string[] {
  const few = fields.filter(({ grouped }) => grouped)
  if (few.length === 0) return []
  const listed = few.toSorted((a, b) => (a.distinct ?? 0) - (b.distinct ?? 0)).slice(0, maxListed)
  return [`Fields of few values, which might be one: ${listed.map(labelOf).join(', ')}`]
}

function labelOf(field: LearnedField): string {
  return `${field.name}${countOf(field)}`
}

function countOf({ distinct }: LearnedField): string {
  return distinct === undefined ? '' : ` (${distinct} different)`
}
