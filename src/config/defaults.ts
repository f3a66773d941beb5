import type { Config } from './config.ts'
import { parseConfig } from './load.ts'

export interface ProtectOptions {
  /** Origin of the app to protect. */
  readonly upstream: string
  readonly port: number
  readonly adminPort: number
}

/** What `serve --upstream URL` runs: one app, sign-in required everywhere, everything kept under `data/`. */
export function protectConfig({ upstream, port, adminPort }: ProtectOptions): Config {
  const source = {
    publicUrl: `http://127.0.0.1:${port}`,
    listen: { port },
    admin: { port: adminPort },
    apps: [
      {
        id: 'app',
        upstreams: [upstream.replaceAll('${', '$${')],
        websocket: true,
        routes: [
          { methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], path: '/**', access: 'member' },
        ],
      },
    ],
  }
  return parseConfig(JSON.stringify(source), { file: '--upstream', env: {}, readFile: refuseFile })
}

/** An address given on the command line is no reference to a file. */
function refuseFile(): never {
  throw new TypeError('no file is read for --upstream')
}
