import type { RowPlace } from './find-rows.ts'
import type { Findings, LearnedAnswer } from './findings.ts'
import { fitName, type RowFields, rowFields } from './row-fields.ts'
import type { ObjectShape } from './shape.ts'
import { chooseTenant, type TenantChoice } from './tenant-fields.ts'

export interface ProposedDataset {
  readonly name: string
  readonly from: string
  readonly fields: RowFields
  readonly tenant: TenantChoice
}

/** Rows of these sizes at least are told apart by their members' names. */
const alike = 0.7

interface Known {
  readonly name: string
  readonly component: string | undefined
  readonly shape: ObjectShape
}

/** One dataset for each schema, or for each kind of row where there are no schemas. */
export class Datasets {
  readonly #known: Known[] = []
  readonly #tenantField: string | undefined
  readonly #byShape = new Map<ObjectShape, Known | undefined>()
  readonly #proposed = new Map<string, ProposedDataset>()

  constructor(findings: Findings, tenantField: string | undefined) {
    this.#tenantField = tenantField
    // Lists show more rows than single objects do, so their shape is the one to go by.
    const places = findings.operations.flatMap(({ path, answers }) =>
      answers.flatMap((answer) => answer.rows.map((place) => ({ place, path }))),
    )
    for (const { place, path } of places.toSorted((a, b) => Number(b.place.list) - Number(a.place.list)))
      this.#learn(place, path)
    for (const { path, body } of findings.operations) for (const place of body?.rows ?? []) this.#learn(place, path)
  }

  get all(): readonly ProposedDataset[] {
    return [...this.#proposed.values()]
  }

  /** The dataset of the rows of an answer; undefined where it has none that a dataset can be made of. */
  of(answer: LearnedAnswer | undefined): ProposedDataset | undefined {
    const shape = answer?.rows[0]?.shape
    if (shape === undefined) return undefined
    if (!this.#byShape.has(shape)) this.#byShape.set(shape, this.#find(shape))
    return this.#proposed.get(this.#byShape.get(shape)?.name ?? '')
  }

  #find(shape: ObjectShape): Known | undefined {
    return this.#known.find((known) => isAlike(known, shape))
  }

  #learn({ shape }: RowPlace, path: string): void {
    if (this.#find(shape) !== undefined) return
    const fields = rowFields(shape)
    if (fields.fields.length === 0) return
    const name = this.#free(shape.name === undefined ? segmentName(path) : lowerFirst(fitDataset(shape.name)))
    const from = shape.name === undefined ? `rows of ${path}` : `schema ${shape.name}`
    this.#known.push({ name, component: shape.name, shape })
    this.#proposed.set(name, { name, from, fields, tenant: chooseTenant(fields.fields, this.#tenantField) })
  }

  #free(name: string): string {
    if (!this.#proposed.has(name)) return name
    for (let n = 2; ; n++) if (!this.#proposed.has(`${name}-${n}`)) return `${name}-${n}`
  }
}

function isAlike(known: Known, shape: ObjectShape): boolean {
  if (known.component !== undefined || shape.name !== undefined) return known.component === shape.name
  const [a, b] = [new Set(known.shape.members.keys()), new Set(shape.members.keys())]
  const shared = [...a].filter((name) => b.has(name)).length
  return shared > 0 && shared >= alike * Math.min(a.size, b.size) && (shared >= 3 || a.size === b.size)
}

/** The last literal segment: `/api/orders/*` has rows called `orders`. */
function segmentName(path: string): string {
  const literal = path.split('/').findLast((segment) => segment !== '' && segment !== '*')
  return fitDataset((literal ?? 'rows').replace(/\.[a-z]{2,6}$/i, ''))
}

function fitDataset(text: string): string {
  return fitName(text).replace(/^[_.-]+/, '') || 'rows'
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
