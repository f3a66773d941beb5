import { openAccountStore } from '../accounts/open-store.ts'
import { readArguments } from './arguments.ts'
import type { Command } from './cli.ts'
import { configHelp, configOptions, findConfig } from './find-config.ts'
import { storeUrl } from './open-rooms.ts'
import { printJson } from './print.ts'

export const migrate: Command = {
  name: 'migrate',
  summary: 'bring the database to this version',
  usage: `sallyport migrate [--config FILE]

Safe to run from several places at once. An embedded (SQLite) database is migrated by every start anyway.
${configHelp}`,
  async run(args, { io }) {
    const given = readArguments(args, { options: configOptions })
    const store = await openAccountStore(storeUrl(await findConfig(given, io)))
    try {
      const applied = await store.migrate()
      if (given.flag('json')) printJson(io, { applied })
      else io.out(applied.length === 0 ? 'nothing to do' : applied.map((name) => `applied ${name}`).join('\n'))
      return 0
    } finally {
      await store.close()
    }
  },
}
