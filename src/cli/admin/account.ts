import type { Account, AccountStore } from '../../accounts/account-store.ts'
import { newAccountId } from '../../accounts/ids.ts'
import { readArguments } from '../arguments.ts'
import { CommandError, type Io, UsageError } from '../cli.ts'
import { newAccount } from '../directory/plan-accounts.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { formatFacts, formatTable, printJson } from '../print.ts'
import { accountNamed, membershipIn, parseEmail, tenantNamed } from './lookup.ts'
import { changeMembership, membershipOptions, membershipsShown, refuseSupport } from './membership.ts'
import { choosePassword, passwordVerb } from './password.ts'
import { validityHelp, validityText } from './validity.ts'
import { type Verb, verbCommand } from './verbs.ts'

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text' } })
  const accounts = await inDirectory(given, io, async ({ store }) => {
    const tenant = given.text('tenant')
    if (tenant !== undefined) await tenantNamed(store, tenant)
    return store.accounts({ tenant })
  })
  const sorted = accounts.toSorted((a, b) => (a.email < b.email ? -1 : 1))
  if (given.flag('json')) printJson(io, sorted)
  else io.out(formatTable(['EMAIL', 'NAME', 'STATE', 'OPERATOR', 'ID'], sorted.map(rowOf)))
  return 0
}

function rowOf({ email, name, state, operator, id }: Account): readonly string[] {
  return [email, name, state, operator ? 'yes' : '', id]
}

const show: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['EMAIL'] })
  return inDirectory(given, io, async ({ store }) => {
    const account = await accountNamed(store, given.requiredWord(0))
    await printAccount(account, store, io, given.flag('json'))
    return 0
  })
}

async function printAccount(account: Account, store: AccountStore, io: Io, json: boolean): Promise<void> {
  const hasPassword = (await store.credentialsOf(account.email))?.passwordHash !== undefined
  const memberships = await membershipsShown(store, account)
  if (json) return printJson(io, { ...account, hasPassword, memberships })
  const facts: [string, string][] = [
    ['e-mail', account.email],
    ['name', account.name],
    ['id', account.id],
    ['state', account.state],
    ['operator', account.operator ? 'yes' : 'no'],
    ['password', hasPassword ? 'set' : 'none'],
  ]
  for (const membership of memberships) facts.push(['member of', membershipText(membership)])
  io.out(formatFacts(facts))
}

function membershipText(membership: Awaited<ReturnType<typeof membershipsShown>>[number]): string {
  const { tenant, roles, groups, attributes, support } = membership
  const parts = [`roles ${roles.join(' ') || 'none'}`, `groups ${groups.join(' ') || 'none'}`]
  if (Object.keys(attributes).length > 0) parts.push(`attributes ${JSON.stringify(attributes)}`)
  const validity = validityText(membership)
  if (validity !== '') parts.push(`valid ${validity}`)
  if (support !== undefined) parts.push(`for support: ${support.reason}`)
  return `${tenant}: ${parts.join(', ')}`
}

const add: Verb = async (args, { io }) => {
  const options = { ...configOptions, ...membershipOptions, name: 'text', operator: 'flag', generate: 'flag' } as const
  const given = readArguments(args, { options, words: ['EMAIL'] })
  const email = parseEmail(given.requiredWord(0))
  return inDirectory(given, io, async (directory) => {
    const { store } = directory
    if ((await store.accountByEmail(email)) !== undefined)
      throw new CommandError(`there is an account ${email} already`)
    const account: Account = {
      ...newAccount(newAccountId(), email),
      name: given.text('name') ?? '',
      operator: given.flag('operator'),
    }
    const join = await changeMembership(given, directory, account)
    await store.putAccount(account)
    await join()
    const password = given.flag('generate') ? await choosePassword(store, account) : undefined
    if (given.flag('json')) printJson(io, { ...account, password })
    else {
      io.out(`added ${email} (${account.id})`)
      if (password !== undefined) io.out(`password, shown this once: ${password}`)
    }
    return 0
  })
}

const set: Verb = async (args, { io }) => {
  const flags = { operator: 'flag', 'no-operator': 'flag' } as const
  const options = { ...configOptions, ...membershipOptions, ...flags, name: 'text', leave: 'text' } as const
  const given = readArguments(args, { options, words: ['EMAIL'] })
  if (given.flag('operator') && given.flag('no-operator')) throw new UsageError('--operator or --no-operator, not both')
  return inDirectory(given, io, async (directory) => {
    const { store } = directory
    const account = await accountNamed(store, given.requiredWord(0))
    const operator = given.flag('operator') || (account.operator && !given.flag('no-operator'))
    const changed = { ...account, name: given.text('name') ?? account.name, operator }
    const join = await changeMembership(given, directory, account)
    const leave = given.text('leave')
    if (leave !== undefined) refuseSupport(await membershipIn(store, leave, account), account)
    if (leave !== undefined && !(await store.removeMembership(leave, account.id))) {
      throw new CommandError(`${account.email} is no member of ${leave}`)
    }
    await store.putAccount(changed)
    await join()
    await printAccount(changed, store, io, given.flag('json'))
    return 0
  })
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['EMAIL'] })
  return inDirectory(given, io, async ({ store }) => {
    const account = await accountNamed(store, given.requiredWord(0))
    await store.removeAccount(account.id)
    if (given.flag('json')) printJson(io, { removed: account.id })
    else io.out(`removed ${account.email}`)
    return 0
  })
}

/** Also ends what the account is signed in with: enabling it again revives nothing. */
function stateVerb(state: Account['state']): Verb {
  return async (args, { io }) => {
    const given = readArguments(args, { options: configOptions, words: ['EMAIL'] })
    return inDirectory(given, io, async ({ store }) => {
      const account = await accountNamed(store, given.requiredWord(0))
      await store.putAccount({ ...account, state })
      if (state === 'disabled') await store.bumpEpoch(account.id)
      if (given.flag('json')) printJson(io, { account: account.id, state })
      else io.out(`${account.email} is ${state}`)
      return 0
    })
  }
}

export const account = verbCommand(
  {
    name: 'account',
    summary: 'list, show, add, set, remove, password, disable, enable',
    usage: `sallyport account list [--tenant T]
sallyport account show EMAIL
sallyport account add EMAIL [--name N] [--operator] [--generate] [membership]
sallyport account set EMAIL [--name N] [--operator|--no-operator] [membership] [--leave T]
sallyport account remove EMAIL
sallyport account password EMAIL [--generate]     the password comes from standard input
sallyport account disable EMAIL | enable EMAIL

The membership to make or change:
  --tenant T        in which tenant
  --role R          repeat for each; replaces what is there
  --group G         repeat for each; replaces what is there
  --attribute A     NAME=TEXT or NAME:=JSON, repeat for each; replaces what is there
${validityHelp}
Other options:
  --generate        make a password and show it once
${configHelp}`,
  },
  {
    list,
    show,
    add,
    set,
    remove,
    password: passwordVerb,
    disable: stateVerb('disabled'),
    enable: stateVerb('enabled'),
  },
)
