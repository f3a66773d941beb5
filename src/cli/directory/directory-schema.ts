import { type Static, Type } from 'typebox'
import type { SchemaNode } from '../../config/schema-node.ts'
import { type SignInMethod, signInMethods } from '../../lib/sign-in-method.ts'

const closed = { additionalProperties: false } as const
const id = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,64}$', expects: 'an id: 1 to 64 letters, digits, . _ : -' })
const name = Type.String({ maxLength: 200 })
const names = Type.Array(id, { maxItems: 1000, default: [] })
const time = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,3})?Z$',
  expects: 'a time such as 2030-01-31T00:00:00Z',
})
const seconds = Type.Integer({ minimum: 60, maximum: 31_536_000 })
const email = Type.String({ minLength: 3, maxLength: 254 })
const validity = { validFrom: Type.Optional(time), validUntil: Type.Optional(time) }

const tenant = Type.Object(
  {
    id,
    name: Type.Optional(name),
    accessTokenSeconds: Type.Optional(seconds),
    refreshTokenSeconds: Type.Optional(seconds),
    signIn: Type.Optional(
      Type.Array(Type.Unsafe<SignInMethod>({ type: 'string', enum: signInMethods }), {
        maxItems: signInMethods.length,
      }),
    ),
  },
  closed,
)

const group = Type.Object({ tenant: id, id, name: Type.Optional(name) }, closed)

const membership = Type.Object(
  {
    tenant: id,
    roles: names,
    groups: names,
    /** Values are checked by `isAttribute`: what a store takes, a schema of unions would say badly. */
    attributes: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' }), Type.Unknown(), {
      ...closed,
      keys: 'an attribute name (letters, digits, . _ -)',
      default: {},
    }),
    ...validity,
  },
  closed,
)

const account = Type.Object(
  {
    email,
    name: Type.Optional(name),
    state: Type.Optional(Type.Unsafe<'enabled' | 'disabled'>({ type: 'string', enum: ['enabled', 'disabled'] })),
    operator: Type.Optional(Type.Boolean()),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    passwordHash: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    memberships: Type.Array(membership, { maxItems: 1000, default: [] }),
  },
  closed,
)

const subject = Type.Union(
  [
    Type.Literal('everyone'),
    Type.Object({ group: Type.Optional(id), account: Type.Optional(email) }, { ...closed, minProperties: 1 }),
  ],
  { expects: 'everyone, {group: id} or {account: e-mail}' },
)

const grant = Type.Object(
  {
    id,
    tenant: id,
    dataset: Type.String({ minLength: 1, maxLength: 64 }),
    subject,
    actions: Type.Array(Type.Unsafe<'read' | 'modify'>({ type: 'string', enum: ['read', 'modify'] }), {
      minItems: 1,
      maxItems: 2,
      default: ['read'],
    }),
    /** Checked as a mask of the dataset. */
    rows: Type.Unknown(),
    effect: Type.Unsafe<'permit' | 'restrict'>({ type: 'string', enum: ['permit', 'restrict'], default: 'permit' }),
    withhold: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 1000, default: [] }),
    sharedBy: Type.Optional(email),
    ...validity,
  },
  closed,
)

/** The file `apply` reads. */
export const directorySchema = Type.Object(
  {
    /** Also takes away what the file's tenants have and the file has not. */
    prune: Type.Boolean({ default: false }),
    tenants: Type.Array(tenant, { maxItems: 10_000, default: [] }),
    groups: Type.Array(group, { maxItems: 100_000, default: [] }),
    accounts: Type.Array(account, { maxItems: 100_000, default: [] }),
    grants: Type.Array(grant, { maxItems: 100_000, default: [] }),
  },
  closed,
)

export type DirectorySource = Static<typeof directorySchema>
export type TenantSource = DirectorySource['tenants'][number]
export type AccountSource = DirectorySource['accounts'][number]
export type MembershipSource = AccountSource['memberships'][number]
export type GroupSource = DirectorySource['groups'][number]
export type GrantSource = DirectorySource['grants'][number]

/** The schema, seen as plain JSON Schema. */
export const directoryNode: SchemaNode = plain(directorySchema)

function plain(node: object): SchemaNode {
  return node
}
