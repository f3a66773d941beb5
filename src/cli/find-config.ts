import { existsSync } from 'node:fs'
import { protectConfig } from '../config/defaults.ts'
import { type Config, loadConfig } from '../config/load.ts'
import type { Arguments } from './arguments.ts'
import { type Io, UsageError } from './cli.ts'
import { loadDemoConfig } from './demo/demo-config.ts'
import { maskFaults } from './mask-faults.ts'

/** Read where no `--config` names another. */
export const usualConfig = 'sallyport.yaml'

/** The options of every command that works on an installation. */
export const configOptions = { config: 'text', demo: 'flag', json: 'flag' } as const

export const configHelp = `  --config FILE     the configuration (default: ./${usualConfig}, else what \`serve --upstream\` made)
  --demo            the demo's configuration and data
  --json            JSON instead of text`

/** The file that `--config` names, or the usual one; undefined where neither is there. */
export function configFile(args: Arguments): string | undefined {
  return args.text('config') ?? (existsSync(usualConfig) ? usualConfig : undefined)
}

export function readConfig(file: string, io: Io): Promise<Config> {
  return loadConfig(file, io.env, maskFaults)
}

/** The installation a command works on. */
export async function findConfig(args: Arguments, io: Io): Promise<Config> {
  if (args.flag('demo')) {
    if (args.text('config') !== undefined) throw new UsageError('--demo and --config exclude each other')
    return loadDemoConfig(io.env)
  }
  const file = configFile(args)
  if (file !== undefined) return readConfig(file, io)
  const embedded = protectConfig({ upstream: 'http://127.0.0.1:1', port: 8080, adminPort: 9090 })
  if (embedded.store.kind === 'sqlite' && existsSync(embedded.store.file)) return embedded
  throw new UsageError(`no configuration: name one with --config, or put ${usualConfig} here`)
}
