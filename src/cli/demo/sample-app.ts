import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../cli.ts'
import { claimPort } from '../ports.ts'
import { readDemoData } from './demo-config.ts'

const host = '127.0.0.1'
const dataFile = join('data', 'demo-orders.json')
const attempts = 100
const pauseMs = 100

export interface SampleApp {
  readonly url: string
  stop(): Promise<void>
}

/** json-server in a process of its own, on a fresh copy of the sample data; it ends with this process at the latest. */
export async function startSampleApp(): Promise<SampleApp> {
  await mkdir(dirname(dataFile), { recursive: true, mode: 0o700 })
  await writeFile(dataFile, `${JSON.stringify(await readDemoData(), undefined, 2)}\n`)
  const port = await claimPort(host, 0, '--port')
  const server = launch(port)
  const stop = () => end(server)
  try {
    await untilListening(port, server)
    return { url: `http://${host}:${port}`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Its standard input closes when we are gone, however we went. */
const endWithUs = `data:text/javascript,process.stdin.on('end',()=>process.exit(0)).resume()`

function launch(port: number): ChildProcess {
  const program = ['--import', endWithUs, findProgram()]
  const options = ['--host', host, '--port', String(port), '--quiet', dataFile]
  return spawn(process.execPath, [...program, ...options], { stdio: ['pipe', 'ignore', 'ignore'] })
}

function findProgram(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('json-server/package.json')
    return join(dirname(manifest), 'lib', 'cli', 'bin.js')
  } catch (cause) {
    throw new CommandError('the sample app (json-server) is not installed: run `npm ci` first', { cause })
  }
}

async function untilListening(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (hasEnded(server)) break
    if (await accepts(port)) return
    await sleep(pauseMs)
  }
  throw new CommandError('the sample app (json-server) did not start')
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Nobody listens yet.
    return false
  } finally {
    socket.destroy()
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || pid === undefined
}
