import type { FieldType } from '../../mask/language.ts'
import { type ObjectShape, pointerText, type Shape } from './shape.ts'

export interface LearnedField {
  /** Fit for a configuration. */
  readonly name: string
  readonly type: FieldType
  readonly path: readonly string[]
  readonly optional: boolean
  readonly notes: readonly string[]
  readonly distinct: number | undefined
  readonly grouped: boolean
}

export interface RowFields {
  readonly fields: readonly LearnedField[]
  /** What of the row was not understood, or cannot be a field. */
  readonly notes: readonly string[]
}

const maxFields = 200
const maxDepth = 5
const maxNotes = 20
/** Shapes share their parts, so that a small document can have a very large tree. */
const maxVisits = 5000
const texts: ReadonlySet<FieldType> = new Set(['string', 'id', 'date', 'datetime'])
const nameRule = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/

type Found = Omit<LearnedField, 'name'>

interface Visit {
  readonly shape: Shape
  readonly path: readonly string[]
  readonly optional: boolean
}

/** The fields of a row: its scalars, those inside nested objects, and lists of strings; the outermost first. */
export function rowFields(shape: ObjectShape): RowFields {
  const found: Found[] = []
  const notes: string[] = []
  const queue: Visit[] = [{ shape, path: [], optional: false }]
  let visits = 0
  for (const visit of queue) {
    if (++visits > maxVisits || found.length >= maxFields) break
    const field = fieldOf(visit)
    if (field !== undefined) found.push(field)
    else if (visit.shape.kind === 'object' && visit.path.length < maxDepth)
      for (const member of membersOf(visit.shape, visit)) queue.push(member)
    else if (notes.length < maxNotes) notes.push(`${pointerText(visit.path)}: ${whyNoField(visit.shape)}`)
  }
  if (visits > maxVisits || found.length >= maxFields)
    notes.push(`only the first ${found.length} fields were looked at`)
  return { fields: withNames(found), notes }
}

function fieldOf({ shape, path, optional }: Visit): Found | undefined {
  if (shape.kind === 'scalar') {
    const { type, notes, distinct, grouped } = shape
    return { type, path, optional, notes, distinct, grouped }
  }
  if (shape.kind !== 'list' || shape.element.kind !== 'scalar' || !texts.has(shape.element.type)) return undefined
  return { type: 'string[]', path, optional, notes: shape.element.notes, distinct: undefined, grouped: false }
}

function membersOf({ members }: ObjectShape, { path, optional }: Visit): readonly Visit[] {
  return [...members].map(([name, member]) => ({
    shape: member.shape,
    path: [...path, name],
    optional: optional || member.optional,
  }))
}

function whyNoField(shape: Shape): string {
  if (shape.kind === 'unknown') return shape.why
  return shape.kind === 'list'
    ? 'a list that no field can read; it goes out with the row'
    : 'nested too deeply to be looked into'
}

/** The last key where it is the only one of its name, else the keys on the way as well. */
function withNames(found: readonly Found[]): readonly LearnedField[] {
  const taken = new Set<string>()
  const direct = new Set(found.filter(({ path }) => path.length === 1).map(({ path }) => path[0]))
  return found.map((field) => {
    const last = field.path.at(-1) ?? ''
    const short = field.path.length > 1 && direct.has(last) ? field.path.join('.') : last
    const name = unique(nameRule.test(short) ? short : fitName(short), field.path.join('.'), taken)
    taken.add(name)
    return { ...field, name }
  })
}

/** Whatever a name is made of, something that a configuration takes. */
export function fitName(text: string): string {
  const fit = text.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 60)
  return /^[A-Za-z_]/.test(fit) ? fit : `_${fit}`
}

function unique(name: string, longer: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  const full = fitName(longer)
  if (!taken.has(full)) return full
  for (let n = 2; ; n++) if (!taken.has(`${full.slice(0, 58)}_${n}`)) return `${full.slice(0, 58)}_${n}`
}
