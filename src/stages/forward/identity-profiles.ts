import type { IdentityFact, IdentityProfile } from '../../config/config.ts'

/** The signed statement every upstream may verify; a profile may know it under another name. */
const assertionHeader = 'x-sallyport-assertion'

/**
 * How a value is written: as it is; percent-encoded (RFC 3986), throughout or where a header could not carry it;
 * quoted-printable (RFC 2045), which leaves ids and most addresses as they are; as an array of PostgreSQL; behind the
 * name of the identity provider.
 */
export type ValueForm = 'plain' | 'percent' | 'legible' | 'quoted-printable' | 'array' | 'google'

export interface IdentityHeader {
  readonly fact: IdentityFact
  readonly name: string
  readonly form: ValueForm
  /** Said where there is nothing to say, and of somebody of whom nothing may be said. */
  readonly otherwise: string | undefined
  /** A role that is never said. */
  readonly unsaid: string | undefined
}

/** What the upstream of one app is told, and under which names. */
export interface IdentityNames {
  /** In the order they are sent. */
  readonly headers: readonly IdentityHeader[]
  /** The header of the assertion. */
  readonly assertion: string
}

type Entry = readonly [
  fact: IdentityFact,
  name: string,
  form?: ValueForm,
  more?: Partial<Pick<IdentityHeader, 'otherwise' | 'unsaid'>>,
]

interface Profile {
  readonly entries: readonly Entry[]
  readonly assertion?: string
}

const ours: readonly Entry[] = [
  ['account', 'x-sallyport-account'],
  ['email', 'x-sallyport-email'],
  ['name', 'x-sallyport-name', 'percent'],
  ['tenant', 'x-sallyport-tenant'],
  ['roles', 'x-sallyport-roles'],
  ['groups', 'x-sallyport-groups'],
  ['row-mask', 'x-sallyport-row-mask'],
  ['row-mask-digest', 'x-sallyport-row-mask-digest'],
]

/** What applications that exist expect to be told. */
const profiles: Readonly<Record<Exclude<IdentityProfile, 'custom'>, Profile>> = {
  sallyport: { entries: ours },
  // The names that Authelia and the programs around it use.
  'remote-user': {
    entries: [
      ['account', 'remote-user'],
      ['email', 'remote-email'],
      ['name', 'remote-name', 'legible'],
      ['groups', 'remote-groups'],
    ],
  },
  // With `headers_encoded` Grafana decodes every one of them, and without it none: an address must not become another.
  grafana: {
    entries: [
      ['email', 'x-webauth-user', 'quoted-printable'],
      ['email', 'x-webauth-email', 'quoted-printable'],
      ['name', 'x-webauth-name', 'quoted-printable'],
      ['role', 'x-webauth-role'],
      ['groups', 'x-webauth-groups'],
    ],
  },
  // Apps know people by the preferred user name: it is the address, since two people may bear one name.
  'oauth2-proxy': {
    entries: [
      ['account', 'x-forwarded-user'],
      ['account', 'x-auth-request-user'],
      ['email', 'x-forwarded-email'],
      ['email', 'x-auth-request-email'],
      ['email', 'x-forwarded-preferred-username'],
      ['email', 'x-auth-request-preferred-username'],
      ['groups', 'x-forwarded-groups'],
      ['groups', 'x-auth-request-groups'],
    ],
  },
  // Where Hasura asks for no secret, or something behind us adds it, a request that names no role is an administrator's,
  // and so is one that names `admin`: one role is always named, and never that one.
  hasura: {
    entries: [
      ['account', 'x-hasura-user-id'],
      ['email', 'x-hasura-user-email'],
      ['tenant', 'x-hasura-tenant-id'],
      ['role', 'x-hasura-role', 'plain', { otherwise: 'anonymous', unsaid: 'admin' }],
      ['roles', 'x-hasura-allowed-roles', 'array', { unsaid: 'admin' }],
      ['groups', 'x-hasura-groups', 'array'],
    ],
  },
  iap: {
    entries: [
      ['email', 'x-goog-authenticated-user-email', 'google'],
      ['account', 'x-goog-authenticated-user-id', 'google'],
    ],
    assertion: 'x-goog-iap-jwt-assertion',
  },
}

/** Every name that some profile uses. */
export const profileNames: readonly string[] = [
  assertionHeader,
  ...Object.values(profiles).flatMap(({ entries, assertion }) => [
    ...entries.map(([, name]) => name),
    ...(assertion === undefined ? [] : [assertion]),
  ]),
]

/** `custom` are the names of that profile, by fact. */
export function identityNames(profile: IdentityProfile, custom: ReadonlyMap<IdentityFact, string>): IdentityNames {
  const { entries, assertion } = profile === 'custom' ? customProfile(custom) : profiles[profile]
  return { headers: entries.map(headerOf), assertion: assertion ?? assertionHeader }
}

const facts = ['account', 'email', 'name', 'tenant', 'role', 'roles', 'groups', 'row-mask', 'row-mask-digest'] as const

function customProfile(custom: ReadonlyMap<IdentityFact, string>): Profile {
  const entries = facts.flatMap((fact): Entry[] => {
    const name = custom.get(fact)
    return name === undefined ? [] : [[fact, name, fact === 'name' ? 'percent' : 'plain']]
  })
  return { entries }
}

function headerOf([fact, name, form = 'plain', { otherwise, unsaid } = {}]: Entry): IdentityHeader {
  return { fact, name, form, otherwise, unsaid }
}
