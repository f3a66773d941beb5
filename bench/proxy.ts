/**
 * What a request through the edge costs, against programs that do less: `npm run bench` (`-- --quick`, `-- --rounds N`).
 * The proxy has core 0, load and upstream have core 1; the variants take turns within each round, so that a busy
 * machine hurts all alike, and only ratios of one round are compared.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, cpuMicros, findProgram, pause } from './support/child.ts'
import { haproxyToken, type Peer, startHaproxy, startNginx, startNode } from './support/peers.ts'
import { median, pairedRatio, table } from './support/statistics.ts'
import { load } from './support/wrk.ts'

interface Variant {
  readonly name: string
  readonly pid: number
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly perSecond: number[]
  readonly micros: number[]
  readonly p99: string[]
}

const connections = 64
const quick = process.argv.includes('--quick')
const rounds = numberAfter('--rounds') ?? (quick ? 3 : 6)
const seconds = quick ? 1 : 3
/** `--only edge` runs the variants whose name holds the word. */
const only = wordAfter('--only') ?? ''
/** Flags for the edge's Node, e.g. `--edge-flag --cpu-prof`. */
const edgeFlags = process.argv.flatMap((word, at) => (process.argv[at - 1] === '--edge-flag' ? [word] : []))

function wordAfter(flag: string): string | undefined {
  const at = process.argv.indexOf(flag)
  return at === -1 ? undefined : process.argv[at + 1]
}

function numberAfter(flag: string): number | undefined {
  const value = wordAfter(flag)
  return value === undefined ? undefined : Number(value)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function variant(name: string, peer: Peer, path: string, headers: Variant['headers'] = {}): Variant {
  return { name, pid: peer.pid, url: `${peer.url}${path}`, headers, perSecond: [], micros: [], p99: [] }
}

const plainName = 'plain @fastify/http-proxy'
const jwtName = 'HAProxy, jwt_verify HS256'

async function openVariants(folder: string, started: Child[]): Promise<readonly Variant[]> {
  const keep = (peer: Peer): Peer => {
    started.push(peer)
    return peer
  }
  const upstream = keep(await startNginx(folder))
  const variants: Variant[] = []
  if (findProgram('haproxy') !== undefined) {
    variants.push(variant('HAProxy, plain', keep(await startHaproxy(folder, upstream.url, false)), '/app/x'))
    const jwt = keep(await startHaproxy(folder, upstream.url, true))
    variants.push(variant(jwtName, jwt, '/app/x', { authorization: `Bearer ${haproxyToken()}` }))
  }
  variants.push(variant(plainName, keep(await startNode('plain.ts', upstream.url)), '/app/x'))
  const edge = keep(await startNode('edge.ts', upstream.url, edgeFlags))
  const { token } = JSON.parse(edge.firstLine) as { token: string } // written by support/edge.ts
  const authorization = `Bearer ${token}`
  variants.push(
    variant('edge, bearer token', edge, '/app/x', { authorization }),
    variant('edge, bearer token, no assertion', edge, '/app/x', { authorization, Host: 'unsigned.example' }),
    variant('edge, bearer token, 10 rows filtered', edge, '/orders', { authorization }),
    variant('edge, public route', edge, '/public/x'),
  )
  return variants.filter(({ name }) => name.includes(only))
}

async function measure(one: Variant, forSeconds: number): Promise<number> {
  const before = cpuMicros(one.pid)
  const result = await load({ url: one.url, headers: one.headers, seconds: forSeconds, connections })
  // What is still under way when wrk leaves ends within this.
  await pause(100)
  if (result.requests === 0) throw new Error(`${one.name}: no answers`)
  one.perSecond.push(result.perSecond)
  one.micros.push((cpuMicros(one.pid) - before) / result.requests)
  one.p99.push(result.p99)
  return result.failures
}

function report(variants: readonly Variant[]): string {
  const plain = variants.find(({ name }) => name === plainName)
  const jwt = variants.find(({ name }) => name === jwtName)
  const head = [
    '',
    'requests/s',
    'CPU us/request',
    'requests/s against plain http-proxy',
    'CPU against HAProxy jwt',
    'p99',
  ]
  const lines = variants.map((one) => [
    one.name,
    median(one.perSecond).toFixed(0),
    median(one.micros).toFixed(0),
    plain === undefined ? '-' : pairedRatio(one.perSecond, plain.perSecond),
    jwt === undefined ? '-' : pairedRatio(one.micros, jwt.micros),
    one.p99.at(Math.floor(one.p99.length / 2)) ?? '?',
  ])
  return table([head, ...lines])
}

async function main(): Promise<number> {
  const missing = ['nginx', 'haproxy', 'wrk', 'taskset'].filter((name) => findProgram(name) === undefined)
  const packages = missing.map((name) => (name === 'taskset' ? 'util-linux' : name))
  if (missing.length > 0) say(`missing, and left out: ${missing.join(', ')} (apt-get install ${packages.join(' ')})`)
  if (missing.includes('nginx') || missing.includes('wrk')) return 1
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const started: Child[] = []
  let failures = 0
  try {
    const variants = await openVariants(folder, started)
    for (let round = 0; round <= rounds; round += 1) {
      for (const one of variants) {
        const failed = await measure(one, round === 0 ? Math.max(2, seconds) : seconds)
        if (failed > 0) say(`${one.name}: ${failed} answers outside 2xx, or broken connections`)
        failures += failed
      }
      // The first round warms up and does not count.
      if (round === 0)
        for (const one of variants) for (const list of [one.perSecond, one.micros, one.p99]) list.length = 0
    }
    say(report(variants))
    say(
      `\n${rounds} rounds of ${seconds} s, ${connections} connections; medians; ratios round by round: median (least-most)`,
    )
  } finally {
    for (const child of started.toReversed()) await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return failures === 0 ? 0 : 1
}

process.exitCode = await main()
