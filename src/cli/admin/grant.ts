import { randomBytes } from 'node:crypto'
import type { AccountStore, Action, Grant, GrantSubject } from '../../accounts/account-store.ts'
import type { Config } from '../../config/config.ts'
import { formatPath } from '../../config/problems.ts'
import type { Json } from '../../lib/json.ts'
import { type Arguments, readArguments } from '../arguments.ts'
import { CommandError, UsageError } from '../cli.ts'
import { grantFaults, shareFault } from '../directory/check-directory.ts'
import { toJson } from '../directory/plan-grants.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { formatFacts, formatTable, printJson } from '../print.ts'
import { accountNamed, emailsById, membershipIn, parseId, requireGroups, tenantNamed } from './lookup.ts'
import { validityFrom, validityHelp, validityOptions, validityText } from './validity.ts'
import { type Verb, verbCommand } from './verbs.ts'

const subjectOptions = { group: 'text', account: 'text', everyone: 'flag' } as const
const termOptions = { dataset: 'text', action: 'list', rows: 'text', effect: 'text', withhold: 'list' } as const
const options = {
  ...configOptions,
  ...subjectOptions,
  ...termOptions,
  ...validityOptions,
  'shared-by': 'text',
  tenant: 'text',
  id: 'text',
} as const

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text' } })
  return inDirectory(given, io, async ({ store }) => {
    const tenant = given.text('tenant')
    const tenants = tenant === undefined ? await store.tenants() : [await tenantNamed(store, tenant)]
    const grants = (await Promise.all(tenants.map(({ id }) => store.grants(id)))).flat()
    if (given.flag('json')) printJson(io, grants)
    else {
      const emails = await emailsById(store)
      const rows = grants.map((grant) => factsOf(grant, emails).map(([, value]) => value))
      io.out(formatTable(headings, rows))
    }
    return 0
  })
}

const headings = [
  'TENANT',
  'GRANT',
  'SUBJECT',
  'EFFECT',
  'ACTIONS',
  'DATASET',
  'ROWS',
  'WITHHOLD',
  'SHARED BY',
  'VALID',
] as const

/** In the order of the headings. */
function factsOf(grant: Grant, emails: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  const { sharedBy } = grant
  return [
    ['tenant', grant.tenant],
    ['grant', grant.id],
    ['subject', subjectText(grant.subject, emails)],
    ['effect', grant.effect],
    ['actions', grant.actions.join(' ')],
    ['dataset', grant.dataset],
    ['rows', JSON.stringify(grant.rows)],
    ['withheld', grant.withhold.join(' ')],
    ['shared by', sharedBy === undefined ? '' : (emails.get(sharedBy) ?? sharedBy)],
    ['valid', validityText(grant)],
  ]
}

function subjectText(subject: GrantSubject, emails: ReadonlyMap<string, string>): string {
  switch (subject.kind) {
    case 'everyone':
      return 'everyone'
    case 'group':
      return `group ${subject.group}`
    case 'account':
      return emails.get(subject.account) ?? subject.account
  }
}

async function grantNamed(store: AccountStore, tenant: string, id: string): Promise<Grant> {
  await tenantNamed(store, tenant)
  const grant = (await store.grants(tenant)).find((candidate) => candidate.id === id)
  if (grant === undefined) throw new CommandError(`tenant ${tenant} has no grant ${id}`)
  return grant
}

const show: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text' }, words: ['GRANT'] })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store }) => {
    const grant = await grantNamed(store, tenant, given.requiredWord(0))
    if (given.flag('json')) printJson(io, grant)
    else io.out(formatFacts(factsOf(grant, await emailsById(store))))
    return 0
  })
}

const add: Verb = async (args, { io }) => {
  const given = readArguments(args, { options })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store, config }) => {
    await tenantNamed(store, tenant)
    const id = parseId(given.text('id') ?? `grant-${randomBytes(5).toString('hex')}`, 'a grant')
    if ((await store.grants(tenant)).some((grant) => grant.id === id))
      throw new CommandError(`tenant ${tenant} has a grant ${id} already`)
    const subject = await subjectFrom(given, store, tenant)
    if (subject === undefined) throw new UsageError('one of --group, --account, --everyone is missing')
    const grant: Grant = {
      id,
      tenant,
      subject,
      dataset: given.required('dataset'),
      actions: actionsFrom(given) ?? ['read'],
      rows: rowsFrom(given.required('rows')),
      effect: effectFrom(given) ?? 'permit',
      withhold: given.list('withhold') ?? [],
      ...validityFrom(given, { validFrom: undefined, validUntil: undefined }),
      sharedBy: await sharerFrom(given, store, tenant),
    }
    await putChecked(grant, store, config)
    if (given.flag('json')) printJson(io, grant)
    else io.out(`added ${id} to ${tenant}`)
    return 0
  })
}

const set: Verb = async (args, { io }) => {
  const given = readArguments(args, { options, words: ['GRANT'] })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store, config }) => {
    const before = await grantNamed(store, tenant, given.requiredWord(0))
    const rows = given.text('rows')
    const grant: Grant = {
      ...before,
      subject: (await subjectFrom(given, store, tenant)) ?? before.subject,
      dataset: given.text('dataset') ?? before.dataset,
      actions: actionsFrom(given) ?? before.actions,
      rows: rows === undefined ? before.rows : rowsFrom(rows),
      effect: effectFrom(given) ?? before.effect,
      withhold: given.list('withhold')?.filter((field) => field !== '') ?? before.withhold,
      ...validityFrom(given, before),
      sharedBy: given.text('shared-by') === undefined ? before.sharedBy : await sharerFrom(given, store, tenant),
    }
    await putChecked(grant, store, config)
    if (given.flag('json')) printJson(io, grant)
    else io.out(`changed ${grant.id} of ${tenant}`)
    return 0
  })
}

async function subjectFrom(given: Arguments, store: AccountStore, tenant: string): Promise<GrantSubject | undefined> {
  const [group, account, everyone] = [given.text('group'), given.text('account'), given.flag('everyone')]
  if ([group !== undefined, account !== undefined, everyone].filter(Boolean).length > 1) {
    throw new UsageError('one of --group, --account, --everyone, not several')
  }
  if (everyone) return { kind: 'everyone' }
  if (account !== undefined) return { kind: 'account', account: await memberNamed(store, tenant, account) }
  if (group === undefined) return undefined
  await requireGroups(store, tenant, [group])
  return { kind: 'group', group }
}

/** `none` takes sharing back. */
async function sharerFrom(given: Arguments, store: AccountStore, tenant: string): Promise<string | undefined> {
  const email = given.text('shared-by')
  return email === undefined || email === 'none' ? undefined : memberNamed(store, tenant, email)
}

async function memberNamed(store: AccountStore, tenant: string, email: string): Promise<string> {
  const account = await accountNamed(store, email)
  if ((await membershipIn(store, tenant, account)) === undefined)
    throw new CommandError(`${account.email} is no member of ${tenant}`)
  return account.id
}

function actionsFrom(given: Arguments): readonly Action[] | undefined {
  return given.list('action')?.map((word) => {
    if (word === 'read' || word === 'modify') return word
    throw new UsageError('--action is read or modify')
  })
}

function effectFrom(given: Arguments): Grant['effect'] | undefined {
  const effect = given.text('effect')
  if (effect === undefined || effect === 'permit' || effect === 'restrict') return effect
  throw new UsageError('--effect is permit or restrict')
}

function rowsFrom(text: string): Json {
  try {
    return toJson(JSON.parse(text))
  } catch (cause) {
    throw new UsageError('--rows is not JSON; write true or a mask such as {"entity":"A"}', { cause })
  }
}

async function putChecked(grant: Grant, store: AccountStore, config: Config): Promise<void> {
  const dataset = config.datasets.get(grant.dataset)
  if (dataset === undefined) throw new CommandError(`the configuration declares no dataset ${grant.dataset}`)
  const [fault] = grantFaults(grant, dataset)
  if (fault !== undefined) throw new CommandError(`${formatPath(fault.path)}: ${fault.message}`)
  const unshared =
    grant.sharedBy === undefined ? undefined : shareFault(grant.effect, grant.subject.kind === 'everyone')
  if (unshared !== undefined) throw new CommandError(`--shared-by: ${unshared}`)
  await store.putGrant(grant)
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text' }, words: ['GRANT'] })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store }) => {
    const { id } = await grantNamed(store, tenant, given.requiredWord(0))
    await store.removeGrant(tenant, id)
    if (given.flag('json')) printJson(io, { removed: id, tenant })
    else io.out(`removed ${id} from ${tenant}`)
    return 0
  })
}

export const grant = verbCommand(
  {
    name: 'grant',
    summary: 'list, show, add, set, remove',
    usage: `sallyport grant list [--tenant T]
sallyport grant show GRANT --tenant T
sallyport grant add --tenant T --dataset D --rows MASK (--group G | --account EMAIL | --everyone)
                    [--id GRANT] [--action read] [--action modify] [--effect permit|restrict] [--withhold FIELD]
                    [--shared-by EMAIL] [--valid-from TIME] [--valid-until TIME]
sallyport grant set GRANT --tenant T [the same options]
sallyport grant remove GRANT --tenant T

  --rows MASK          JSON: true, or a mask such as '{"entity":"A"}' (docs/masks.md)
  --withhold FIELD     repeat for each; one empty FIELD withholds nothing
  --shared-by EMAIL    of these rows only those that EMAIL has now, for a group or an account; none = no share
${validityHelp}
${configHelp}`,
  },
  { list, show, add, set, remove },
)
