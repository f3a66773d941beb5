import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findProgram, pinned } from './child.ts'

const run = promisify(execFile)

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly seconds: number
  readonly connections: number
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  /** Answers outside 2xx and 3xx, and connections that failed. */
  readonly failures: number
  readonly p99: string
}

/** One run of wrk with one thread on the second core. */
export async function load({ url, headers, seconds, connections }: Load): Promise<LoadResult> {
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const wrk = findProgram('wrk') ?? 'wrk'
  const shape = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency']
  const [program = '', ...rest] = pinned(1, [wrk, ...shape, ...named, url])
  const { stdout } = await run(program, rest)
  return {
    requests: numberIn(/(\d+) requests in/, stdout),
    perSecond: numberIn(/Requests\/sec:\s+([\d.]+)/, stdout),
    failures: numberIn(/Non-2xx or 3xx responses: (\d+)/, stdout) + socketErrors(stdout),
    p99: /^\s+99%\s+(\S+)/m.exec(stdout)?.[1] ?? '?',
  }
}

function numberIn(pattern: RegExp, text: string): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}

function socketErrors(text: string): number {
  const counts = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? []
  return counts.reduce((sum, count) => sum + Number(count), 0)
}
