import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AccountStore } from '../../src/accounts/account-store.ts'
import { openAccountStore } from '../../src/accounts/open-store.ts'
import { tempFolder } from '../support/temp.ts'

/** So that only the first of many runs compiles the program. */
const compileCache = mkdtempSync(join(tmpdir(), 'sallyport-compiled-'))
process.once('exit', () => rmSync(compileCache, { recursive: true, force: true }))

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A folder of its own in which the real program runs. */
export interface Place {
  readonly folder: string
  /** Runs one command line to its end. */
  run(...args: readonly string[]): Promise<Outcome>
  /** The same with a standard input. */
  runWith(input: string, ...args: readonly string[]): Promise<Outcome>
  /** The same with `--json`, parsed; the exit code beside it. */
  json(...args: readonly string[]): Promise<{ readonly code: number | null; readonly value: unknown }>
  /** Writes a file into the folder; its path. */
  write(name: string, text: string): string
}

export function place(t: Pick<TestContext, 'after'>, env: NodeJS.ProcessEnv = {}): Place {
  const folder = tempFolder(t)
  const runWith = (input: string, ...args: readonly string[]) => run(folder, env, input, args)
  return {
    folder,
    runWith,
    run: (...args) => runWith('', ...args),
    async json(...args) {
      const { code, out, err } = await runWith('', ...args, '--json')
      if (out === '') throw new Error(`no output; on standard error: ${err}`)
      return { code, value: JSON.parse(out) }
    },
    write(name, text) {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
  }
}

/** Starts a program that goes on until it is told to stop; ended with the test at the latest. */
export function start(t: Pick<TestContext, 'after'>, folder: string, args: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: compileCache }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function run(folder: string, env: NodeJS.ProcessEnv, input: string, args: readonly string[]): Promise<Outcome> {
  const inherited = { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: compileCache }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { ...inherited, ...env } })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (err += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

/** A small installation: one app, one dataset, SQLite. */
export const smallConfig = `
publicUrl: http://127.0.0.1:8080
store: { url: "sqlite:data/test.db" }
datasets:
  orders:
    tenant: account
    fields: { account: id, entity: string, amount: number, margin: number }
apps:
  - id: shop
    upstreams: [http://127.0.0.1:3000]
    routes:
      - methods: [GET]
        path: /orders
        access: { roles: [viewer] }
        dataset: orders
        rows: { at: [/items/*] }
      - methods: [POST]
        path: /orders
        access: { roles: [editor] }
        action: modify
        dataset: orders
        rows: { at: [/] }
        check: { body: [/] }
      - { methods: [GET], path: /public, access: public }
`

/** A place with `smallConfig` as its `sallyport.yaml`. */
export function smallPlace(t: Pick<TestContext, 'after'>, env: NodeJS.ProcessEnv = {}): Place {
  const here = place(t, env)
  here.write('sallyport.yaml', smallConfig)
  return here
}

/** The store of `smallConfig`, as the program left it. */
export async function storeOf(t: Pick<TestContext, 'after'>, { folder }: Place): Promise<AccountStore> {
  const store = await openAccountStore(`sqlite:${join(folder, 'data/test.db')}`)
  t.after(() => store.close())
  return store
}

/** The member of a parsed JSON value. */
export function member(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
    value,
  )
}
