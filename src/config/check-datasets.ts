import { builtinAttributes } from '../mask/attributes.ts'
import type { Dataset, FieldDeclaration } from '../mask/language.ts'
import type { Path } from './problems.ts'
import { suggestion } from './problems.ts'
import type { Report } from './report.ts'
import { parsePointer } from './row-pointer.ts'
import type { Source } from './schema.ts'

/** Checks a base mask against its dataset; `path` leads from the mask to what is wrong. The composition root hands it in. */
export type CheckBaseMask = (mask: unknown, dataset: Dataset) => readonly { path: Path; message: string }[]

type DatasetSource = Source['datasets'][string]

/** Checks and resolves every dataset that the schema let through. */
export function checkDatasets(source: Source, checkBase: CheckBaseMask, report: Report): ReadonlyMap<string, Dataset> {
  const datasets = new Map<string, Dataset>()
  const attributes = checkAttributes(source, report)
  if (!isMap(source.datasets)) return datasets
  for (const [name, declaration] of Object.entries(source.datasets)) {
    const path = ['datasets', name]
    if (!report.clean(path)) continue
    const resolved = resolveDataset(name, declaration, path, report)
    if (resolved === undefined) continue
    const dataset = attributes === undefined ? resolved : { ...resolved, attributes }
    checkTenant(dataset, path, report)
    if (report.clean(path) && dataset.base !== undefined) checkMask(dataset, [...path, 'base'], checkBase, report)
    datasets.set(name, dataset)
  }
  return datasets
}

function checkAttributes({ attributes }: Source, report: Report): Dataset['attributes'] {
  if (attributes === undefined || !report.clean(['attributes'])) return undefined
  for (const name of Object.keys(attributes)) {
    if (builtinAttributes.has(name)) report.add(['attributes', name], 'everybody has it already', 'key')
  }
  return new Map(Object.entries(attributes))
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function resolveDataset(name: string, source: DatasetSource, path: Path, report: Report): Dataset | undefined {
  const fields = new Map<string, FieldDeclaration>()
  for (const [field, declaration] of Object.entries(source.fields)) {
    const { type, at } = typeof declaration === 'string' ? { type: declaration, at: undefined } : declaration
    const tokens = at === undefined ? [field] : parsePointer(at)
    if (tokens === undefined)
      report.add([...path, 'fields', field, 'at'], 'must be an RFC 6901 pointer such as /meta/owner')
    else fields.set(field, { name: field, type, path: tokens })
  }
  if (!report.clean(path)) return undefined
  return { name, tenantField: source.tenant, fields, visibility: source.visibility, base: source.base }
}

function checkTenant(dataset: Dataset, path: Path, report: Report): void {
  const at = [...path, 'tenant']
  const field = dataset.fields.get(dataset.tenantField)
  if (field === undefined) {
    const hint = report.referenced(at) ? '' : suggestion(dataset.tenantField, dataset.fields.keys())
    report.add(at, `no field is called ${report.quote(at, dataset.tenantField)}${hint}`)
  } else if (field.type !== 'string' && field.type !== 'id') {
    report.add(at, `the field ${report.quote(at, field.name)} is of type ${field.type}; a tenant is a string or an id`)
  }
}

function checkMask(dataset: Dataset, path: Path, checkBase: CheckBaseMask, report: Report): void {
  for (const fault of checkBase(dataset.base, dataset)) {
    const message = report.referenced(path)
      ? 'is not a mask of this dataset (it holds a reference, which is not shown)'
      : fault.message
    report.add([...path, ...fault.path], message)
  }
}
