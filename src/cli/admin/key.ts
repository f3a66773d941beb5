import { randomBytes } from 'node:crypto'
import type { ApiKey } from '../../accounts/account-store.ts'
import { mintApiKey } from '../../accounts/api-key.ts'
import { rotateKeyFile } from '../../accounts/key-file.ts'
import { systemClock } from '../../lib/clock.ts'
import { readArguments } from '../arguments.ts'
import { recorded } from '../audited-store.ts'
import { CommandError } from '../cli.ts'
import { durationFrom } from '../duration.ts'
import { configHelp, configOptions, findConfig } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { formatFacts, formatTable, formatTime, printJson } from '../print.ts'
import { accountNamed, emailsById, membershipIn, tenantNamed } from './lookup.ts'
import { type Verb, verbCommand } from './verbs.ts'

const headings = ['ID', 'PREFIX', 'TENANT', 'ACCOUNT', 'NAME', 'CREATED', 'EXPIRES']

function rowOf(key: ApiKey, emails: ReadonlyMap<string, string>): readonly string[] {
  const { id, prefix, tenant, account, name, createdAt, expiresAt } = key
  return [
    id,
    prefix,
    tenant,
    emails.get(account) ?? account,
    name,
    formatTime(createdAt),
    formatTime(expiresAt) || 'never',
  ]
}

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text', account: 'text' } })
  return inDirectory(given, io, async ({ store }) => {
    const email = given.text('account')
    const account = email === undefined ? undefined : (await accountNamed(store, email)).id
    const keys = await store.apiKeys({ tenant: given.text('tenant'), account })
    if (given.flag('json')) printJson(io, keys)
    else {
      const emails = await emailsById(store)
      io.out(
        formatTable(
          headings,
          keys.map((key) => rowOf(key, emails)),
        ),
      )
    }
    return 0
  })
}

const show: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['KEY-ID'] })
  return inDirectory(given, io, async ({ store }) => {
    const id = given.requiredWord(0)
    const key = (await store.apiKeys({})).find((candidate) => candidate.id === id)
    if (key === undefined) throw new CommandError(`there is no key ${id}`)
    const emails = await emailsById(store)
    if (given.flag('json')) printJson(io, key)
    else io.out(formatFacts(rowOf(key, emails).map((value, i) => [(headings[i] ?? '').toLowerCase(), value])))
    return 0
  })
}

const add: Verb = async (args, { io }) => {
  const options = { ...configOptions, tenant: 'text', account: 'text', name: 'text', for: 'text' } as const
  const given = readArguments(args, { options })
  const [tenant, email] = [given.required('tenant'), given.required('account')]
  const lifetime = durationFrom(given, 'for')
  return inDirectory(given, io, async ({ store }) => {
    await tenantNamed(store, tenant)
    const account = await accountNamed(store, email)
    const isMember = (await membershipIn(store, tenant, account)) !== undefined
    if (!isMember) throw new CommandError(`${account.email} is no member of ${tenant}`)
    const now = systemClock.now()
    const { key, prefix, hash } = mintApiKey()
    const record: ApiKey = {
      id: `key_${randomBytes(8).toString('hex')}`,
      prefix,
      tenant,
      account: account.id,
      name: given.text('name') ?? '',
      createdAt: now,
      expiresAt: lifetime === undefined ? undefined : now + lifetime,
    }
    await store.addApiKey(record, hash)
    if (given.flag('json')) printJson(io, { ...record, key })
    else {
      io.out(
        `added ${record.id} for ${account.email} in ${tenant}, ${lifetime === undefined ? 'without an end' : `until ${formatTime(record.expiresAt)}`}`,
      )
      io.out(`key, shown this once: ${key}`)
    }
    return 0
  })
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['KEY-ID'] })
  return inDirectory(given, io, async ({ store }) => {
    const id = given.requiredWord(0)
    if (!(await store.removeApiKey(id))) throw new CommandError(`there is no key ${id}`)
    if (given.flag('json')) printJson(io, { removed: id })
    else io.out(`removed ${id}`)
    return 0
  })
}

/** Needs the key file only: a running edge goes over to it by itself. */
const rotateAssertion: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, now: 'flag' } })
  const config = await findConfig(given, io)
  const withdraw = given.flag('now')
  const facts = {
    event: 'key.changed',
    reason: withdraw ? 'assertion keys withdrawn' : 'assertion key rotated',
  } as const
  const { assertion } = await recorded(config, facts, () => rotateKeyFile(config.keys.file, { withdraw }))
  const { current, next, previous } = assertion
  if (given.flag('json')) printJson(io, { current: current.id, next: next.id, previous: previous?.id })
  else {
    io.out(`assertions are signed with ${current.id}; ${next.id} is next`)
    io.out(
      previous === undefined
        ? 'no older key is published any more: apps refuse until they have fetched the key set again'
        : `${previous.id}, which signed until now, is still published`,
    )
  }
  return 0
}

export const key = verbCommand(
  {
    name: 'key',
    summary: 'API keys: list, show, add, remove; rotate-assertion',
    usage: `sallyport key list [--tenant T] [--account EMAIL]
sallyport key show KEY-ID
sallyport key add --tenant T --account EMAIL [--name N] [--for 90d]     the key is shown once
sallyport key remove KEY-ID
sallyport key rotate-assertion [--now]     the next key signs what apps are told, the one before is still published;
                                           with --now, after a leak, both are new and the old ones are withdrawn

${configHelp}`,
  },
  { list, show, add, remove, 'rotate-assertion': rotateAssertion },
)
