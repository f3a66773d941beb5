import { ConfigError } from '../config/problems.ts'
import { readArguments } from './arguments.ts'
import type { Command } from './cli.ts'
import { configHelp, configOptions, findConfig } from './find-config.ts'
import { count, printJson } from './print.ts'

export const check: Command = {
  name: 'check',
  summary: 'validate the configuration',
  usage: `sallyport check [--config FILE]

Exit code 0, or 2 with every problem and where it is.
${configHelp}`,
  async run(args, { io }) {
    const given = readArguments(args, { options: configOptions })
    try {
      const { apps, datasets } = await findConfig(given, io)
      const routes = apps.reduce((sum, app) => sum + app.routes.length, 0)
      if (given.flag('json')) printJson(io, { ok: true, apps: apps.length, routes, datasets: datasets.size })
      else io.out(`ok: ${count(apps.length, 'app')}, ${count(routes, 'route')}, ${count(datasets.size, 'dataset')}`)
      return 0
    } catch (error) {
      if (!(error instanceof ConfigError) || !given.flag('json')) throw error
      printJson(io, { ok: false, problems: error.problems })
      return 2
    }
  },
}
