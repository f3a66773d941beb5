import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChildServerOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Where it listens on 127.0.0.1 once it is ready. */
  readonly port: number
}

/** Starts a server that is a program of its own, waits until it listens, and gives what ends it. */
export async function startChildServer(
  command: string,
  args: readonly string[],
  options: ChildServerOptions,
): Promise<() => Promise<void>> {
  const env = { PATH: process.env['PATH'], HOME: options.cwd, ...options.env }
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  const stop = () => end(child)
  try {
    await once(child, 'spawn')
    await waitForPort(options.port, child)
  } catch (error) {
    await stop()
    throw new Error(`${command} ${args.join(' ')} did not start: ${complaint}`, { cause: error })
  }
  return stop
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await ended
  clearTimeout(timer)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 800 && !hasEnded(child); attempt += 1) {
    if (await accepts(port)) return
    await sleep(25)
  }
  throw new Error('it does not listen')
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
