import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { commonRoutes, password, startTestEdge, type TestEdge } from '../support/edge.ts'
import { freshDatabase } from '../support/postgres.ts'
import { type RunningRedis, startRedis } from '../support/redis.ts'
import { until } from './failure-support.ts'

/** Two edges that share store, state and keys, each with its own listeners and audit. */
export interface Fleet {
  readonly here: TestEdge
  readonly there: TestEdge
  readonly redis: RunningRedis
  readonly upstream: EchoUpstream
  /** Prints how long something took; nothing is asserted by it. */
  measure(what: string, started: number): void
  stop(): Promise<void>
}

const fleetRoutes = [
  { methods: ['GET'], path: '/counted', access: 'public', limit: { max: 10, window: '1h' } },
  ...commonRoutes,
]

function measure(what: string, started: number): void {
  process.stdout.write(`# ${what}: ${(performance.now() - started).toFixed(0)} ms\n`)
}

export async function startFleet(config: Readonly<Record<string, unknown>> = {}): Promise<Fleet> {
  const opened: (() => Promise<unknown> | void)[] = []
  const stop = async () => {
    for (const close of opened.splice(0).toReversed()) await close()
  }
  try {
    const redis = await startRedis()
    opened.push(() => redis.stop())
    const upstream = await startEcho({
      respond: (_, socket) => void socket.write(answerBytes(200, [['content-type', 'application/json']], '[]')),
    })
    opened.push(() => upstream.close())
    const shared = { store: { url: await freshDatabase() }, state: { url: redis.url }, ...config }
    const start = async (seed: boolean, keysOf?: string): Promise<TestEdge> => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-fleet-'))
      opened.push(() => rmSync(folder, { recursive: true, force: true }))
      if (keysOf !== undefined) cpSync(join(keysOf, 'keys.json'), join(folder, 'keys.json'))
      const edge = await startTestEdge({ upstream: upstream.url, routes: fleetRoutes, config: shared, folder, seed })
      opened.push(() => edge.stop())
      await until('it is ready', async () => (await fetch(`${edge.adminUrl}/readyz`)).status === 200)
      return edge
    }
    const here = await start(true)
    const there = await start(false, here.folder)
    return { here, there, redis, upstream, measure, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A browser's side of our own pages: cookies kept, redirects not followed. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  /** Cookies know no port: the same ones go to every edge of the fleet. */
  async get(url: string): Promise<Response> {
    return this.#send(url, {})
  }

  async post(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const headers = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' }
    return this.#send(url, { method: 'POST', headers, body: new URLSearchParams(fields) })
  }

  /** Signs in as a person does, through the pages. */
  async signIn(edge: string, email: string): Promise<Response> {
    const first = await this.#csrfOf(`${edge}/.sallyport/login`)
    const second = await this.post(`${edge}/.sallyport/login`, { csrf: first, email })
    assert.match(await second.text(), /name="password"/)
    return this.post(`${edge}/.sallyport/login`, { csrf: first, email, password })
  }

  async signOut(edge: string): Promise<Response> {
    return this.post(`${edge}/.sallyport/logout`, { csrf: await this.#csrfOf(`${edge}/.sallyport/`) })
  }

  /** What a second browser with the same cookies would send. */
  cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #csrfOf(url: string): Promise<string> {
    const page = await (await this.get(url)).text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1]
    assert.ok(csrf !== undefined, 'the page has no form token')
    return csrf
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#cookies.size > 0) headers.set('cookie', this.cookieHeader())
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const [name = '', value = ''] = pair.split('=')
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}
