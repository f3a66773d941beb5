import type { Config } from '../config/config.ts'
import { type Arguments, parsePort, readArguments } from './arguments.ts'
import type { Command, Io } from './cli.ts'
import { demoDirectoryFile, loadDemoConfig } from './demo/demo-config.ts'
import { demoLines } from './demo/demo-lines.ts'
import { startLegacyShop } from './demo/legacy-shop.ts'
import { startSampleApp } from './demo/sample-app.ts'
import { applyDirectory } from './directory/apply-directory.ts'
import { withDirectory } from './open-rooms.ts'
import { claimPort, onPorts } from './ports.ts'
import { ourName } from './print.ts'
import { runEdge } from './run-edge.ts'

export const demo: Command = {
  name: 'demo',
  summary: 'the edge with two sample apps behind it (what runs without any argument)',
  usage: `sallyport demo [--port N] [--admin-port N]

Two sample apps with two companies' orders, four accounts, and commands worth trying. Everything is kept
under data/demo*. SALLYPORT_PORT sets the public port as well.

  --port N          public port (default 8080); 0 = any free one
  --admin-port N    admin port (default 9090); 0 = any free one`,
  async run(args, cli) {
    const given = readArguments(args, { options: { port: 'text', 'admin-port': 'text' } })
    const ports = await choosePorts(given, cli.io, await loadDemoConfig(cli.io.env))
    const legacy = await startLegacyShop()
    const app = await startSampleApp().catch(async (error: unknown) => {
      await legacy.stop()
      throw error
    })
    try {
      const upstreams = { orders: app.url, legacy: legacy.url }
      const config = onAddress(await loadDemoConfig(cli.io.env, upstreams), ports)
      const options = { env: cli.io.env, dryRun: false }
      await withDirectory(config, (directory) => applyDirectory(demoDirectoryFile, directory, options))
      const log = cli.io.env['SALLYPORT_DEBUG'] === '1' ? 'json' : 'silent'
      await runEdge(config, { log, createKeys: true }, cli, ({ adminUrl }) => {
        cli.io.out(demoLines({ url: config.publicUrl, adminUrl, upstreams, name: ourName(cli.io.env) }))
      })
      return 0
    } finally {
      await Promise.all([app.stop(), legacy.stop()])
    }
  },
}

interface Ports {
  readonly port: number
  readonly adminPort: number
}

async function choosePorts(given: Arguments, io: Io, { listen, admin }: Config): Promise<Ports> {
  const named = io.env['SALLYPORT_PORT']
  const fromEnvironment = named === undefined || named === '' ? undefined : parsePort(named, 'SALLYPORT_PORT')
  const port = given.port('port') ?? fromEnvironment ?? listen.port
  const adminPort = given.port('admin-port') ?? admin.port
  return {
    port: await claimPort(listen.host, port, 'npm start -- --port'),
    adminPort: await claimPort(admin.host, adminPort, 'npm start -- --admin-port'),
  }
}

/** The demo is reached where it listens, so its public address moves with the port. */
function onAddress(config: Config, { port, adminPort }: Ports): Config {
  const publicUrl = new URL(config.publicUrl)
  publicUrl.port = String(port)
  return { ...onPorts(config, port, adminPort), publicUrl: publicUrl.origin }
}
