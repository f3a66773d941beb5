import type { AccountStore, Group } from '../../accounts/account-store.ts'
import { readArguments } from '../arguments.ts'
import { CommandError } from '../cli.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { formatFacts, formatTable, printJson } from '../print.ts'
import { emailsById, parseId, tenantNamed } from './lookup.ts'
import { type Verb, verbCommand } from './verbs.ts'

const options = { ...configOptions, tenant: 'text', name: 'text' } as const

async function groupNamed(store: AccountStore, tenant: string, id: string): Promise<Group> {
  await tenantNamed(store, tenant)
  const group = (await store.groups(tenant)).find((candidate) => candidate.id === id)
  if (group === undefined) throw new CommandError(`tenant ${tenant} has no group ${id}`)
  return group
}

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, tenant: 'text' } })
  const groups = await inDirectory(given, io, async ({ store }) => {
    const tenant = given.text('tenant')
    const tenants = tenant === undefined ? await store.tenants() : [await tenantNamed(store, tenant)]
    return (await Promise.all(tenants.map(({ id }) => store.groups(id)))).flat()
  })
  if (given.flag('json')) printJson(io, groups)
  else
    io.out(
      formatTable(
        ['TENANT', 'GROUP', 'NAME'],
        groups.map(({ tenant, id, name }) => [tenant, id, name]),
      ),
    )
  return 0
}

const show: Verb = async (args, { io }) => {
  const given = readArguments(args, { options, words: ['GROUP'] })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store }) => {
    const group = await groupNamed(store, tenant, given.requiredWord(0))
    const emails = await emailsById(store)
    const members = (await store.groupMembers(tenant, group.id)).map((id) => emails.get(id) ?? id)
    if (given.flag('json')) printJson(io, { ...group, members })
    else
      io.out(
        formatFacts([
          ['tenant', tenant],
          ['group', group.id],
          ['name', group.name],
          ['members', members.join(' ')],
        ]),
      )
    return 0
  })
}

const add: Verb = async (args, { io }) => {
  const given = readArguments(args, { options, words: ['GROUP'] })
  const [tenant, id] = [given.required('tenant'), parseId(given.requiredWord(0), 'a group')]
  return inDirectory(given, io, async ({ store }) => {
    await tenantNamed(store, tenant)
    const taken = (await store.groups(tenant)).some((group) => group.id === id)
    if (taken) throw new CommandError(`tenant ${tenant} has a group ${id} already`)
    const group = { tenant, id, name: given.text('name') ?? id }
    await store.putGroup(group)
    if (given.flag('json')) printJson(io, group)
    else io.out(`added ${id} to ${tenant}`)
    return 0
  })
}

const set: Verb = async (args, { io }) => {
  const given = readArguments(args, { options, words: ['GROUP'] })
  const [tenant, name] = [given.required('tenant'), given.required('name')]
  return inDirectory(given, io, async ({ store }) => {
    const group = { ...(await groupNamed(store, tenant, given.requiredWord(0))), name }
    await store.putGroup(group)
    if (given.flag('json')) printJson(io, group)
    else io.out(`changed ${group.id} of ${tenant}`)
    return 0
  })
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options, words: ['GROUP'] })
  const tenant = given.required('tenant')
  return inDirectory(given, io, async ({ store }) => {
    const { id } = await groupNamed(store, tenant, given.requiredWord(0))
    await store.removeGroup(tenant, id)
    if (given.flag('json')) printJson(io, { removed: id, tenant })
    else io.out(`removed ${id} from ${tenant}`)
    return 0
  })
}

export const group = verbCommand(
  {
    name: 'group',
    summary: 'list, show, add, set, remove',
    usage: `sallyport group list [--tenant T]
sallyport group show GROUP --tenant T
sallyport group add GROUP --tenant T [--name N]
sallyport group set GROUP --tenant T --name N
sallyport group remove GROUP --tenant T

Who is in a group: sallyport account set EMAIL --tenant T --group G ...
${configHelp}`,
  },
  { list, show, add, set, remove },
)
