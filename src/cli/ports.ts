import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../config/config.ts'
import { CommandError } from './cli.ts'

/** The port itself, or a free one for 0; says how to choose another where it is taken. */
export async function claimPort(host: string, port: number, option: string): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    const address = probe.address()
    if (address === null || typeof address === 'string') throw new TypeError('no port')
    return address.port
  } catch (cause) {
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE')
      throw new CommandError(`port ${port} of ${host} is taken; choose another with ${option} N`, { cause })
    throw new CommandError(
      `cannot listen on port ${port} of ${host} (${String(code)}); choose another with ${option} N`,
      { cause },
    )
  } finally {
    probe.close()
  }
}

/** The same configuration on other ports. */
export function onPorts(config: Config, port: number | undefined, adminPort: number | undefined): Config {
  return {
    ...config,
    listen: { ...config.listen, port: port ?? config.listen.port },
    admin: { ...config.admin, port: adminPort ?? config.admin.port },
  }
}
