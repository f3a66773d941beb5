import type { Config } from '../config/config.ts'
import { type ProtectOptions, protectConfig } from '../config/defaults.ts'
import { ConfigError } from '../config/problems.ts'
import { type Arguments, readArguments } from './arguments.ts'
import { type Cli, type Command, type Edge, UsageError } from './cli.ts'
import { configFile, readConfig, usualConfig } from './find-config.ts'
import { createFirstAdministrator, type FirstAdministrator } from './first-administrator.ts'
import { withDirectory } from './open-rooms.ts'
import { claimPort, onPorts } from './ports.ts'
import { formatFacts, ourName } from './print.ts'
import { runEdge } from './run-edge.ts'

const usualPort = 8080
const usualAdminPort = 9090

export const serve: Command = {
  name: 'serve',
  summary: 'run the edge',
  usage: `sallyport serve [--config FILE] [--port N] [--admin-port N]
sallyport serve --upstream URL [--port N] [--admin-port N]

  --config FILE     run what the file says (default: ./${usualConfig} where there is one)
  --upstream URL    protect one app without a configuration: sign-in required everywhere,
                    everything kept under data/, one administrator made at the first start
  --port N          public port (default: the configured one, else ${usualPort}); 0 = any free one
  --admin-port N    admin port (default: the configured one, else ${usualAdminPort}); 0 = any free one`,
  async run(args, cli) {
    const options = { config: 'text', upstream: 'text', port: 'text', 'admin-port': 'text' } as const
    const given = readArguments(args, { options })
    const upstream = given.text('upstream')
    if (upstream !== undefined && given.text('config') !== undefined) {
      throw new UsageError('--upstream runs without a configuration; write the upstream into the file of --config')
    }
    if (upstream !== undefined) return serveUpstream(upstream, given, cli)
    const file = configFile(given)
    if (file === undefined) {
      throw new UsageError(
        `nothing to serve: --config FILE runs a configuration, --upstream URL protects one app, \`sallyport demo\` shows both doors at work`,
      )
    }
    return serveFile(file, given, cli)
  },
}

async function serveFile(file: string, given: Arguments, cli: Cli): Promise<number> {
  const config = onPorts(await readConfig(file, cli.io), given.port('port'), given.port('admin-port'))
  const { listen, admin } = config
  await claimPort(listen.host, listen.port, '--port')
  await claimPort(admin.host, admin.port, '--admin-port')
  const options = { log: 'json' as const, createKeys: config.store.kind === 'sqlite' }
  await runEdge(config, options, cli, (edge) => cli.io.out(addresses(edge)))
  return 0
}

async function serveUpstream(upstream: string, given: Arguments, cli: Cli): Promise<number> {
  const port = await claimPort('127.0.0.1', given.port('port') ?? usualPort, '--port')
  const adminPort = await claimPort('127.0.0.1', given.port('admin-port') ?? usualAdminPort, '--admin-port')
  const config = protect({ upstream, port, adminPort })
  const first = await withDirectory(config, createFirstAdministrator)
  // Before the start: whatever happens then, it can be read only now.
  if (first !== undefined) cli.io.out(welcome(first, config.publicUrl, ourName(cli.io.env)))
  const options = { log: 'json' as const, createKeys: true }
  await runEdge(config, options, cli, (edge) => cli.io.out(addresses(edge, ['protects', upstream])))
  return 0
}

/** Nobody wrote a file here, so a fault is told without a place in one. */
function protect(options: ProtectOptions): Config {
  try {
    return protectConfig(options)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    const faults = cause.problems.map(({ message }) => message).join('; ')
    throw new UsageError(`--upstream ${faults}; write it as http://127.0.0.1:3000`, { cause })
  }
}

function addresses({ url, adminUrl }: Edge, ...more: readonly (readonly [string, string])[]): string {
  return formatFacts([['edge', url], ['admin', adminUrl], ...more])
}

function welcome({ email, password }: FirstAdministrator, url: string, name: string): string {
  return `
The first administrator, whose password is shown this once:

${formatFacts([
  ['  e-mail', email],
  ['  password', password],
  ['  sign in', `${url}/.sallyport/login`],
])}

Change it with:  ${name} account password ${email}
`
}
