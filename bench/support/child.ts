import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** A program that is under load, or puts it on. */
export interface Child {
  readonly pid: number
  /** The first line it wrote. */
  readonly firstLine: string
  stop(): Promise<void>
}

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** Where a program is; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

/** The command, held to one core where `taskset` can do that. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  const taskset = findProgram('taskset')
  return taskset === undefined ? command : [taskset, '-c', String(core), ...command]
}

/** Starts `command`; `ready` says when it can be used, else its first line on stdout does. */
export async function startChild(command: readonly string[], ready?: () => Promise<boolean>): Promise<Child> {
  const [program = '', ...rest] = command
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (text.length < 65_536) text += chunk.toString()
  })
  const isReady = ready ?? (() => Promise.resolve(text.includes('\n')))
  for (let tries = 0; !(await isReady()); tries += 1) {
    if (child.exitCode !== null || tries > 400) {
      child.kill('SIGKILL')
      throw new Error(`${program} did not start`)
    }
    await pause(25)
  }
  return { pid: child.pid ?? 0, firstLine: text.split('\n', 1)[0] ?? '', stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(timer)
}

/** Whether something accepts requests at `url`. */
export async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(1000) })).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await once(server.close(), 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Microseconds of CPU a process has used, in user and kernel mode, all threads together: 10 ms steps. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may hold blanks; fields 14 and 15 are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
