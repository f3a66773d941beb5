import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface StartRedisOptions {
  /** More words for the command line, like `--requirepass`. */
  readonly args?: readonly string[]
}

export interface RunningRedis {
  readonly url: string
  readonly port: number
  /** The server's process now; another one after `restart`. */
  readonly pid: number
  /** Ends it and removes its folder. */
  stop(): Promise<void>
  /** Ends it the hard way; `restart` brings it back on the same port. */
  kill(): Promise<void>
  restart(options: { readonly empty: boolean }): Promise<void>
  /** Stops answering without closing anything (SIGSTOP). */
  freeze(): void
  thaw(): void
}

/** A real redis-server on a free loopback port, without persistence. */
export async function startRedis(options: StartRedisOptions = {}): Promise<RunningRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-redis-'))
  const port = await freePort()
  const launch = (): Promise<ChildProcess> => launchRedis(port, folder, options.args ?? [])
  let server = await launch().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid ?? 0
    },
    kill,
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
    async restart({ empty }) {
      if (!empty) throw new Error('this redis-server keeps nothing on disk')
      await kill()
      server = await launch()
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function launchRedis(port: number, folder: string, args: readonly string[]): Promise<ChildProcess> {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', [...fixed, '--daemonize', 'no', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => reject(new Error('redis-server is missing: apt-get install redis-server')))
    server.once('exit', () => reject(new Error(`redis-server ended: ${output.slice(-500)}`)))
    server.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('Ready to accept connections')) resolve()
    })
  })
  server.removeAllListeners('exit')
  server.stdout.removeAllListeners('data').resume()
  return server
}
