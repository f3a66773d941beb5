import { randomBytes } from 'node:crypto'
import type { Account, AccountStore } from '../../accounts/account-store.ts'
import { hashPassword } from '../../accounts/password.ts'
import { readArguments } from '../arguments.ts'
import { CommandError } from '../cli.ts'
import { passwordFault } from '../directory/check-directory.ts'
import { configOptions } from '../find-config.ts'
import { inDirectory } from '../open-rooms.ts'
import { printJson } from '../print.ts'
import { accountNamed } from './lookup.ts'
import type { Verb } from './verbs.ts'

const maxInputBytes = 4096

/** Gives the account a new random password and returns it: nobody can read it afterwards. */
export async function choosePassword(store: AccountStore, account: Account): Promise<string> {
  const password = randomBytes(18).toString('base64url')
  await store.setPasswordHash(account.id, await hashPassword(password), { expired: false })
  return password
}

/** `account password`: from standard input, since arguments are for everybody on the machine to read. */
export const passwordVerb: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: { ...configOptions, generate: 'flag' }, words: ['EMAIL'] })
  return inDirectory(given, io, async ({ store }) => {
    const account = await accountNamed(store, given.requiredWord(0))
    const generated = given.flag('generate') ? await choosePassword(store, account) : undefined
    if (generated === undefined) {
      const password = (await io.readInput(maxInputBytes)).replace(/\r?\n$/, '')
      const fault = passwordFault(password, account.email)
      if (fault !== undefined) throw new CommandError(`the password is refused: ${fault}`)
      await store.setPasswordHash(account.id, await hashPassword(password), { expired: false })
    }
    // Whoever signed in with the old one is out.
    await store.bumpEpoch(account.id)
    if (given.flag('json')) printJson(io, { account: account.id, password: generated })
    else {
      io.out(`${account.email} has a new password; every session and token has ended`)
      if (generated !== undefined) io.out(`password, shown this once: ${generated}`)
    }
    return 0
  })
}
