import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

export interface PostgresServer {
  readonly url: string
  stop(): Promise<void>
  /** As a crash does it. */
  kill(): Promise<void>
  /** On the same port, with the same data. */
  restart(): Promise<void>
}

/** Starts a PostgreSQL server of its own on a free port of 127.0.0.1; it ends with this process at the latest. */
export async function startPostgres(): Promise<PostgresServer> {
  const binaries = findBinaries()
  const user = unprivilegedUser()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'))
  if (user) chownSync(folder, user.uid, user.gid)
  const password = randomBytes(16).toString('hex')
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) chownSync(passwordFile, user.uid, user.gid)
  const initdb = ['-D', data, '-U', 'sallyport', '--no-sync', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256']
  execFileSync(join(binaries, 'initdb'), [...initdb, `--pwfile=${passwordFile}`], {
    ...user,
    cwd: folder,
    stdio: 'pipe',
  })
  const server = new Server(join(binaries, 'postgres'), folder, await freePort(), password, user)
  await server.restart()
  return server
}

let shared: Promise<PostgresServer> | undefined

/** A new, empty database on a server that all tests of this process share. */
export async function freshDatabase(): Promise<string> {
  shared ??= startPostgres()
  const url = new URL((await shared).url)
  const name = `test_${randomBytes(8).toString('hex')}`
  await withClient(url.href, (client) => client.query(`create database ${name}`))
  url.pathname = `/${name}`
  return url.href
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

type User = { readonly uid: number; readonly gid: number }

class Server implements PostgresServer {
  readonly url: string
  readonly #binary: string
  readonly #folder: string
  readonly #port: number
  readonly #user: User | undefined
  #child: ChildProcess | undefined
  readonly #atExit = () => this.#removeNow()

  constructor(binary: string, folder: string, port: number, password: string, user: User | undefined) {
    this.#binary = binary
    this.#folder = folder
    this.#port = port
    this.#user = user
    this.url = `postgres://sallyport:${password}@127.0.0.1:${port}/postgres`
    process.once('exit', this.#atExit)
  }

  async restart(): Promise<void> {
    await this.kill()
    for (let attempt = 1; attempt <= 100; attempt += 1) {
      if (!this.#isRunning()) this.#launch()
      await sleep(50)
      if (await this.#answers()) return
    }
    throw new Error('PostgreSQL did not start within 5 seconds')
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT')
    process.removeListener('exit', this.#atExit)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  #launch(): void {
    const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=60']
    const flags = settings.flatMap((setting) => ['-c', setting])
    const listen = ['-h', '127.0.0.1', '-p', String(this.#port), '-k', '']
    const command = [this.#binary, '-D', join(this.#folder, 'data'), ...listen, ...flags]
    const [file = '', ...args] = [...endsWithUs(this.#user), ...command]
    this.#child = spawn(file, args, { cwd: this.#folder, stdio: 'ignore' })
    this.#child.on('error', () => {})
    // The tests' process may end while the shared server still runs; #removeNow ends it then.
    this.#child.unref()
  }

  #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  #answers(): Promise<boolean> {
    return withClient(this.url, (client) => client.query('select 1')).then(
      () => true,
      () => false,
    )
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.#isRunning()) return
    child.ref()
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** In an exit handler nothing can be awaited: the server removes its lock file as the last thing it does. */
  #removeNow(): void {
    if (this.#isRunning()) this.#child?.kill('SIGQUIT')
    const lock = join(this.#folder, 'data', 'postmaster.pid')
    const nap = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; waited < 100 && existsSync(lock) && this.#isRunning(); waited += 1) Atomics.wait(nap, 0, 0, 20)
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

/** Drops root, which PostgreSQL refuses, and ends the server with this process even when that is killed. */
function endsWithUs(user: User | undefined): readonly string[] {
  const ids = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []
  return ['setpriv', ...ids, '--pdeathsig', 'QUIT', '--']
}

function findBinaries(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().toReversed()
  const found = [...debian, ...onPath].find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  )
  if (found === undefined) throw new Error('PostgreSQL is missing: apt-get install postgresql')
  return found
}

function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const name = ['postgres', 'nobody'].find((candidate) => numberOf('-u', candidate) !== undefined)
  if (name === undefined) throw new Error('PostgreSQL refuses root and there is no other user: adduser postgres')
  return { uid: numberOf('-u', name) ?? 0, gid: numberOf('-g', name) ?? 0 }
}

function numberOf(flag: string, name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { stdio: 'pipe', encoding: 'utf8' }))
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
