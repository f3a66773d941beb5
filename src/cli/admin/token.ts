import { readArguments } from '../arguments.ts'
import { configHelp, configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { printJson } from '../print.ts'
import { accountNamed } from './lookup.ts'
import { type Verb, verbCommand } from './verbs.ts'

const revoke: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, account: 'text' } })
  const email = given.required('account')
  return inDirectory(given, io, async ({ store }) => {
    const account = await accountNamed(store, email)
    await store.bumpEpoch(account.id)
    if (given.flag('json')) printJson(io, { account: account.id, epoch: account.epoch + 1 })
    else io.out(`every session and token of ${account.email} has ended; API keys go on (key remove)`)
    return 0
  })
}

export const token = verbCommand(
  {
    name: 'token',
    summary: 'revoke: end every session and token of an account',
    usage: `sallyport token revoke --account EMAIL

${configHelp}`,
  },
  { revoke },
)
