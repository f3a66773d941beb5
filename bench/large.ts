/**
 * What a filtered answer of 1 MB costs through the whole edge, against the same bytes unfiltered through plain
 * @fastify/http-proxy: `npm run bench:large` (`-- --quick`). CPU of the proxy's process for each request; the variants
 * take turns within each round, the proxy on core 0, load and upstream on core 1.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, cpuMicros } from './support/child.ts'
import { startNginx, startNode } from './support/peers.ts'
import { documentOf, rowSets, rowsUpTo } from './support/row-sets.ts'
import { median, pairedRatio, table } from './support/statistics.ts'
import { load } from './support/wrk.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 6
const seconds = quick ? 2 : 4
const connections = 8
const bodyBytes = 1_000_000

interface Variant {
  readonly name: string
  readonly pid: number
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly micros: number[]
}

async function microsOf({ name, pid, url, headers }: Variant): Promise<number> {
  const before = cpuMicros(pid)
  const { requests, failures } = await load({ url, headers, seconds, connections })
  if (requests === 0 || failures > 0) throw new Error(`${name}: ${failures} failures in ${requests} requests`)
  return (cpuMicros(pid) - before) / requests
}

async function contest(folder: string, started: Child[], make: (typeof rowSets)[number]['make']): Promise<string[]> {
  // nginx reads it as somebody else.
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'large'), documentOf(rowsUpTo(bodyBytes, make)))
  const upstream = await startNginx(folder)
  started.push(upstream)
  const plain = await startNode('plain.ts', upstream.url)
  const edge = await startNode('edge.ts', upstream.url)
  started.push(plain, edge)
  const { token } = JSON.parse(edge.firstLine) as { token: string } // written by support/edge.ts
  const authorization = `Bearer ${token}`
  const variants: readonly Variant[] = [
    { name: 'plain', pid: plain.pid, url: `${plain.url}/large`, headers: {}, micros: [] },
    { name: 'filtered', pid: edge.pid, url: `${edge.url}/large`, headers: { authorization }, micros: [] },
  ]
  for (const variant of variants) await microsOf(variant)
  for (let round = 0; round < rounds; round++) {
    for (const variant of variants) variant.micros.push(await microsOf(variant))
  }
  const [unfiltered = [], filtered = []] = variants.map(({ micros }) => micros)
  return [median(unfiltered).toFixed(0), median(filtered).toFixed(0), pairedRatio(filtered, unfiltered)]
}

const lines: string[][] = []
for (const { name, make } of rowSets) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const started: Child[] = []
  try {
    lines.push([name, ...(await contest(folder, started, make))])
  } finally {
    for (const child of started.toReversed()) await child.stop()
    rmSync(folder, { recursive: true })
  }
}
process.stdout.write(
  `CPU microseconds for an answer of 1 MB; ratio: median, least and greatest of ${rounds} rounds\n\n`,
)
process.stdout.write(`${table([['', 'plain http-proxy', 'edge, filtered', 'ratio'], ...lines])}\n`)
