import type { Dataset, FieldDeclaration, FieldType } from '../../src/mask/language.ts'
import { parseJsonExact } from '../../src/mask/parse-json-exact.ts'

const types: Readonly<Record<string, FieldType>> = {
  tenant: 'string',
  owner: 'string',
  key: 'id',
  count: 'integer',
  amount: 'number',
  open: 'boolean',
  day: 'date',
  at: 'datetime',
  tags: 'string[]',
}

/** A dataset with a field of every type, each at the top of the row. */
export function ledger(changes: Partial<Dataset> = {}): Dataset {
  const fields = Object.entries(types).map(([name, type]): [string, FieldDeclaration] => [
    name,
    { name, type, path: [name] },
  ])
  return {
    name: 'ledger',
    tenantField: 'tenant',
    fields: new Map(fields),
    visibility: 'granted',
    base: undefined,
    ...changes,
  }
}

/** A value as a row would hold it, from its JSON. */
export function json(text: string): unknown {
  return parseJsonExact(text, { maxLength: 1_000_000 })
}
