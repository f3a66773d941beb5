import { userInfo } from 'node:os'
import { dirname, extname, join } from 'node:path'
import type {
  Account,
  AccountStore,
  ApiKey,
  Grant,
  GrantSubject,
  Group,
  Membership,
  SupportOpening,
  Tenant,
} from '../accounts/account-store.ts'
import type { AuditEvent } from '../audit/audit-event.ts'
import { openAuditLog } from '../audit/json-lines.ts'
import type { Config } from '../config/config.ts'
import { systemClock } from '../lib/clock.ts'
import { withLock } from './lock-file.ts'
import { formatTime } from './print.ts'

type Facts = Omit<AuditEvent, 'outcome'>
type Describe = (...args: never[]) => Facts

/** The verbs that change something, and the event each of them is. */
const events = {
  putTenant: ({ id, signIn }: Tenant) => ({ event: 'tenant.changed', tenant: id, detail: { signIn } }),
  removeTenant: (tenant: string) => ({ event: 'tenant.removed', tenant }),
  putAccount: ({ id, state, epoch }: Account) => ({ event: 'account.changed', account: id, detail: { state, epoch } }),
  removeAccount: (account: string) => ({ event: 'account.removed', account }),
  setPasswordHash: (account: string) => ({ event: 'account.password', account }),
  bumpEpoch: (account: string) => ({ event: 'session.revoked', account, reason: 'every session and token' }),
  putMembership: ({ tenant, account, roles }: Membership) => ({
    event: 'account.changed',
    tenant,
    account,
    detail: { roles },
  }),
  removeMembership: (tenant: string, account: string) => ({
    event: 'account.changed',
    tenant,
    account,
    reason: 'membership removed',
  }),
  openSupport: ({ membership, groups, grants }: SupportOpening) => ({
    event: 'support.opened',
    ...supportFacts(membership, { roles: membership.roles, groups, ...grantFacts(grants) }),
  }),
  closeSupport: (membership: Membership) => ({ event: 'support.closed', ...supportFacts(membership, {}) }),
  putGroup: ({ tenant, id }: Group) => ({ event: 'group.changed', tenant, detail: { group: id } }),
  removeGroup: (tenant: string, group: string) => ({ event: 'group.removed', tenant, detail: { group } }),
  setGroupsOf: (tenant: string, account: string, groups: readonly string[]) => ({
    event: 'account.changed',
    tenant,
    account,
    detail: { groups },
  }),
  putGrant: ({ tenant, id, dataset, effect, actions, subject, withhold, sharedBy }: Grant) => ({
    event: 'grant.changed',
    tenant,
    detail: {
      grant: id,
      dataset,
      effect,
      actions,
      subject: subjectText(subject),
      withhold,
      ...(sharedBy === undefined ? {} : { sharedBy }),
    },
  }),
  removeGrant: (tenant: string, grant: string) => ({ event: 'grant.removed', tenant, detail: { grant } }),
  addApiKey: ({ tenant, account, id }: ApiKey) => ({ event: 'key.added', tenant, account, detail: { key: id } }),
  removeApiKey: (key: string) => ({ event: 'key.removed', detail: { key } }),
} as const satisfies Partial<Record<keyof AccountStore, Describe>>

function subjectText(subject: GrantSubject): string {
  switch (subject.kind) {
    case 'everyone':
      return 'everyone'
    case 'group':
      return `group ${subject.group}`
    case 'account':
      return `account ${subject.account}`
  }
}

function supportFacts({ tenant, account, validUntil, support }: Membership, more: NonNullable<Facts['detail']>) {
  const { reason = '' } = support ?? {}
  return { tenant, account, detail: { reason, until: formatTime(validUntil), ...more } }
}

function grantFacts(grants: readonly Grant[]) {
  return { grants: grants.length, actions: grants[0]?.actions ?? [] }
}

/** Whoever runs the command, as this machine knows them. */
export function currentUser(): string {
  return userInfo().username
}

/**
 * Where the command line's own events go: a chain beside the edge's, since a chain has one writer. Where the edge writes
 * to standard output, the file is beside the key file.
 */
export function commandAuditFile(config: Config): string {
  const { sink } = config.audit
  if (sink.kind === 'stdout') return join(dirname(config.keys.file), 'audit.cli.jsonl')
  const extension = extname(sink.file)
  return `${sink.file.slice(0, sink.file.length - extension.length)}.cli${extension}`
}

/** Makes a change that is recorded; where the log cannot be opened, the change is not made. */
export async function recorded<T>(
  config: Config,
  facts: Facts,
  change: () => Promise<T>,
  happened: (result: T) => boolean = (result) => result !== false,
): Promise<T> {
  const file = commandAuditFile(config)
  return withLock(`${file}.lock`, async () => {
    const log = await openAuditLog({ file, clock: systemClock, includeEmail: config.audit.includeEmail })
    try {
      const result = await change()
      if (happened(result)) log.write({ ...facts, outcome: 'success', detail: { ...facts.detail, by: currentUser() } })
      return result
    } finally {
      await log.close()
    }
  })
}

/** The same store, whose changes are in the audit log. */
export function auditedStore(store: AccountStore, config: Config): AccountStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const verb: (...args: unknown[]) => Promise<unknown> = value.bind(target)
      if (!isChange(name)) return verb
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the verb and its event take the same arguments
      const describe = events[name] as (...args: unknown[]) => Facts
      return (...args: unknown[]) => recorded(config, describe(...args), () => verb(...args))
    },
  })
}

function isChange(name: string | symbol): name is keyof typeof events {
  return Object.hasOwn(events, name)
}
