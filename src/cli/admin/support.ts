import { randomBytes } from 'node:crypto'
import {
  type Account,
  type AccountStore,
  type Action,
  type Grant,
  type Membership,
  maxSupportMs,
  type SupportOpening,
} from '../../accounts/account-store.ts'
import { systemClock } from '../../lib/clock.ts'
import { type Arguments, readArguments } from '../arguments.ts'
import { currentUser } from '../audited-store.ts'
import { CommandError, UsageError } from '../cli.ts'
import { durationFrom } from '../duration.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { type Directory, inDirectory } from '../open-rooms.ts'
import { formatTable, formatTime, printJson } from '../print.ts'
import { accountNamed, emailsById, membershipIn, parseId, requireGroups, tenantNamed } from './lookup.ts'
import { type Verb, verbCommand } from './verbs.ts'

const usualMs = 1_800_000
const reasonLength = { min: 8, max: 500 }
const whom = { ...configOptions, tenant: 'text', account: 'text' } as const
const terms = { reason: 'text', for: 'text', role: 'list', group: 'list', 'all-rows': 'flag', modify: 'flag' } as const

const open: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...whom, ...terms } })
  const [tenant, email] = [given.required('tenant'), given.required('account')]
  const support = { reason: reasonFrom(given), ms: lengthFrom(given) }
  if (given.flag('modify') && !given.flag('all-rows')) throw new UsageError('--modify is for --all-rows')
  return inDirectory(given, io, async (directory) => {
    const { store } = directory
    await tenantNamed(store, tenant)
    const account = await accountNamed(store, email)
    if (account.state !== 'enabled') throw new CommandError(`${account.email} is disabled`)
    await requireGroups(store, tenant, given.list('group') ?? [])
    await removeEnded(store)
    const opening = openingOf(given, tenant, account, support, directory)
    if (!(await store.openSupport(opening))) throw await alreadyThere(store, tenant, account)
    const { membership, groups, grants } = opening
    if (given.flag('json')) printJson(io, { ...membership, groups, grants: grants.map(({ id }) => id) })
    else io.out(`${account.email} is in ${tenant} for support until ${formatTime(membership.validUntil)}`)
    return 0
  })
}

function reasonFrom(given: Arguments): string {
  const reason = given.required('reason').trim()
  const { length } = Array.from(reason)
  if (length >= reasonLength.min && length <= reasonLength.max) return reason
  throw new UsageError(`--reason must have ${reasonLength.min} to ${reasonLength.max} characters`)
}

function lengthFrom(given: Arguments): number {
  const ms = durationFrom(given, 'for') ?? usualMs
  if (ms > maxSupportMs) throw new UsageError('--for must be 1h at most')
  return ms
}

function openingOf(
  given: Arguments,
  tenant: string,
  { id: account }: Account,
  { reason, ms }: { readonly reason: string; readonly ms: number },
  { config }: Directory,
): SupportOpening {
  const validFrom = systemClock.now()
  const validUntil = validFrom + ms
  const actions: readonly Action[] = given.flag('modify') ? ['read', 'modify'] : ['read']
  const datasets = given.flag('all-rows') ? [...config.datasets.keys()] : []
  const membership: Membership = {
    tenant,
    account,
    roles: given.list('role')?.map((role) => parseId(role, 'a role')) ?? [],
    attributes: {},
    validFrom,
    validUntil,
    support: { reason, by: currentUser(), until: validUntil },
  }
  const grants = datasets.map(
    (dataset): Grant => ({
      id: `support-${randomBytes(8).toString('hex')}`,
      tenant,
      dataset,
      subject: { kind: 'account', account },
      actions,
      rows: true,
      effect: 'permit',
      withhold: [],
      validFrom,
      validUntil,
      sharedBy: undefined,
    }),
  )
  return { membership, groups: given.list('group') ?? [], grants }
}

/** What has ended gives nobody anything any more; it goes when the next one is opened. */
async function removeEnded(store: AccountStore): Promise<void> {
  const now = systemClock.now()
  for (const access of await store.supportMemberships()) if (hasEnded(access, now)) await store.closeSupport(access)
}

function hasEnded({ validUntil }: Membership, now: number): boolean {
  return validUntil === undefined || validUntil <= now
}

async function alreadyThere(store: AccountStore, tenant: string, account: Account): Promise<CommandError> {
  const until = (await membershipIn(store, tenant, account))?.support?.until
  const how = until === undefined ? 'is a member of' : `is for support until ${formatTime(until)} in`
  return new CommandError(`${account.email} ${how} ${tenant} already`)
}

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions })
  return inDirectory(given, io, async ({ store }) => {
    const accesses = await store.supportMemberships()
    if (given.flag('json')) printJson(io, accesses)
    else {
      const [emails, now] = [await emailsById(store), systemClock.now()]
      const headings = ['TENANT', 'ACCOUNT', 'STATE', 'UNTIL', 'BY', 'ROLES', 'REASON']
      io.out(
        formatTable(
          headings,
          accesses.map((access) => rowOf(access, emails, now)),
        ),
      )
    }
    return 0
  })
}

function rowOf(access: Membership, emails: ReadonlyMap<string, string>, now: number): readonly string[] {
  const { tenant, account, roles, validUntil, support } = access
  const state = hasEnded(access, now) ? 'ended' : 'open'
  const who = emails.get(account) ?? account
  return [tenant, who, state, formatTime(validUntil), support?.by ?? '', roles.join(' '), support?.reason ?? '']
}

const close: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: whom })
  const [tenant, email] = [given.required('tenant'), given.required('account')]
  return inDirectory(given, io, async ({ store }) => {
    await tenantNamed(store, tenant)
    const account = await accountNamed(store, email)
    const access = await membershipIn(store, tenant, account)
    if (access?.support === undefined || !(await store.closeSupport(access)))
      throw new CommandError(`${account.email} is not in ${tenant} for support`)
    if (given.flag('json')) printJson(io, { closed: account.id, tenant })
    else io.out(`${account.email} is in ${tenant} no more`)
    return 0
  })
}

export const support = verbCommand(
  {
    name: 'support',
    summary: 'open, list, close: temporary access to a tenant, for a reason',
    usage: `sallyport support open --tenant T --account EMAIL --reason TEXT [--for 30m] [--role R]... [--group G]...
                       [--all-rows [--modify]]
sallyport support list
sallyport support close --tenant T --account EMAIL

Makes somebody who is no member of a tenant one for a while. What they may do follows from the roles and groups
that they are given, as for anybody; it ends by itself, and each opening and closing is in the audit log.

  --reason TEXT     8 to 500 characters
  --for DURATION    30m where it is left out, 1h at most
  --role R          repeat for each
  --group G         repeat for each
  --all-rows        also every row of the tenant, of every dataset that the configuration declares
  --modify          not only to read them
${configHelp}`,
  },
  { open, list, close },
)
