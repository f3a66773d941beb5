import { schema } from './schema.ts'

/** The keywords of JSON Schema that `schema.ts` uses, and three of our own (`expects`, `keys`, `maxMs`/`maxBytes`). */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly expects?: string
  readonly keys?: string
  readonly maxMs?: number
  readonly maxBytes?: number
}

/** The schema of the file, seen as plain JSON Schema. */
export const root: SchemaNode = plain(schema)

function plain(node: object): SchemaNode {
  return node
}
