import type { Tenant } from '../../accounts/account-store.ts'
import { signInMethodFrom, signInMethods } from '../../lib/sign-in-method.ts'
import { type Arguments, readArguments } from '../arguments.ts'
import { CommandError, UsageError } from '../cli.ts'
import { mintTenant, mintTokenSecret } from '../directory/mint-tenant.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { formatFacts, formatTable, printJson } from '../print.ts'
import { parseId, tenantNamed } from './lookup.ts'
import { type Verb, verbCommand } from './verbs.ts'

const settings = { name: 'text', 'access-seconds': 'text', 'refresh-seconds': 'text', 'sign-in': 'list' } as const
const minSeconds = 60
const maxSeconds = 31_536_000

/** Never the secrets, sealed or not. */
function shown({ tokenSecrets, ...tenant }: Tenant) {
  return { ...tenant, tokenSecrets: tokenSecrets.map(({ id }) => id) }
}

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions })
  const tenants = await inDirectory(given, io, ({ store }) => store.tenants())
  if (given.flag('json')) printJson(io, tenants.map(shown))
  else
    io.out(
      formatTable(
        ['ID', 'NAME', 'SIGN-IN'],
        tenants.map(({ id, name, signIn }) => [id, name, signIn.join(' ') || 'any']),
      ),
    )
  return 0
}

const show: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['TENANT'] })
  return inDirectory(given, io, async ({ store }) => {
    const tenant = shown(await tenantNamed(store, given.requiredWord(0)))
    const accounts = await store.accounts({ tenant: tenant.id })
    const groups = await store.groups(tenant.id)
    if (given.flag('json')) printJson(io, { ...tenant, accounts: accounts.length, groups: groups.map(({ id }) => id) })
    else {
      io.out(
        formatFacts([
          ['id', tenant.id],
          ['name', tenant.name],
          ['access token', secondsText(tenant.accessTokenSeconds)],
          ['refresh token', secondsText(tenant.refreshTokenSeconds)],
          ['sign-in', tenant.signIn.join(' ') || 'any'],
          ['token secrets', tenant.tokenSecrets.join(' ')],
          ['accounts', String(accounts.length)],
          ['groups', groups.map(({ id }) => id).join(' ')],
        ]),
      )
    }
    return 0
  })
}

function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? 'as configured' : `${seconds} s`
}

const add: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, ...settings }, words: ['TENANT'] })
  const id = parseId(given.requiredWord(0), 'a tenant')
  return inDirectory(given, io, async ({ store, keys }) => {
    if ((await store.tenant(id)) !== undefined) throw new CommandError(`there is a tenant ${id} already`)
    const tenant = withSettings(mintTenant(id, id, await keys()), given)
    await store.putTenant(tenant)
    if (given.flag('json')) printJson(io, shown(tenant))
    else io.out(`added ${id} (${tenant.name})`)
    return 0
  })
}

const set: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, ...settings }, words: ['TENANT'] })
  return inDirectory(given, io, async ({ store }) => {
    const tenant = withSettings(await tenantNamed(store, given.requiredWord(0)), given)
    await store.putTenant(tenant)
    if (given.flag('json')) printJson(io, shown(tenant))
    else io.out(`changed ${tenant.id}`)
    return 0
  })
}

function withSettings(tenant: Tenant, given: Arguments): Tenant {
  return {
    ...tenant,
    name: given.text('name') ?? tenant.name,
    accessTokenSeconds: seconds(given, 'access-seconds') ?? tenant.accessTokenSeconds,
    refreshTokenSeconds: seconds(given, 'refresh-seconds') ?? tenant.refreshTokenSeconds,
    signIn: signInFrom(given) ?? tenant.signIn,
  }
}

function signInFrom(given: Arguments): Tenant['signIn'] | undefined {
  const words = given.list('sign-in')
  if (words?.length === 1 && words[0] === 'any') return []
  const methods = words?.map((word) => {
    const method = signInMethodFrom(word)
    if (method === undefined) throw new UsageError(`--sign-in is ${signInMethods.join(', ')}, or any alone`)
    return method
  })
  return methods && [...new Set(methods)].sort()
}

function seconds(given: Arguments, option: string): number | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= minSeconds && value <= maxSeconds)) {
    throw new UsageError(`--${option} must be ${minSeconds} to ${maxSeconds}`)
  }
  return value
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['TENANT'] })
  return inDirectory(given, io, async ({ store }) => {
    const { id } = await tenantNamed(store, given.requiredWord(0))
    await store.removeTenant(id)
    if (given.flag('json')) printJson(io, { removed: id })
    else io.out(`removed ${id} with its memberships, groups, grants and keys`)
    return 0
  })
}

/** The old secret goes on verifying until the next rotation, unless it is said to end now. */
const rotateSecret: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, now: 'flag' }, words: ['TENANT'] })
  return inDirectory(given, io, async ({ store, keys }) => {
    const tenant = await tenantNamed(store, given.requiredWord(0))
    const kept = given.flag('now') ? [] : tenant.tokenSecrets.slice(0, 1)
    const changed = { ...tenant, tokenSecrets: [mintTokenSecret(tenant.id, await keys()), ...kept] }
    await store.putTenant(changed)
    if (given.flag('json')) printJson(io, shown(changed))
    else
      io.out(
        kept.length > 0
          ? `${tenant.id} signs with a new secret; the one before still verifies`
          : `${tenant.id} has a new secret; its access tokens have ended`,
      )
    return 0
  })
}

export const tenant = verbCommand(
  {
    name: 'tenant',
    summary: 'list, show, add, set, remove, rotate-secret',
    usage: `sallyport tenant list
sallyport tenant show TENANT
sallyport tenant add TENANT [--name N] [--access-seconds N] [--refresh-seconds N] [--sign-in METHOD]...
sallyport tenant set TENANT [--name N] [--access-seconds N] [--refresh-seconds N] [--sign-in METHOD]...
sallyport tenant remove TENANT
sallyport tenant rotate-secret TENANT [--now]     with --now, the tenant's access tokens end at once

  --sign-in METHOD  how people may prove themselves, repeat for each: password, saml, oidc, key (API keys); any = all
${configHelp}`,
  },
  { list, show, add, set, remove, 'rotate-secret': rotateSecret },
)
