import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import type { TestEdge } from '../support/edge.ts'
import { ask, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

interface Told {
  readonly event: string
  readonly reason?: string
  readonly outcome: string
  readonly detail?: Readonly<Record<string, unknown>>
}

const own = { id: 1, account: 'acme', entity: 'A', margin: 1 }
const other = { id: 2, account: 'acme', entity: 'secret-entity', meta: { owner: 'secret-owner' } }
const foreign = { id: 3, account: 'secret-tenant', entity: 'A' }
const label = ['content-type', 'application/json'] as const

const route = { methods: ['GET'], access: 'member', dataset: 'orders' }
const inject = [{ kind: 'header' }]
const routes = [
  { ...route, path: '/quiet', rows: { at: ['/*'] } },
  { ...route, path: '/told', rows: { at: ['/*'] }, inject },
  { ...route, path: '/item', rows: { at: ['/'] }, inject },
  { ...route, path: '/block', rows: { at: ['/*'] }, inject, onViolation: 'block' },
]

async function withCorridor(use: (corridor: Corridor, ann: string) => Promise<void>): Promise<void> {
  const corridor = await openCorridor({ routes })
  try {
    await use(corridor, await corridor.edge.token('ann@acme.example'))
  } finally {
    await corridor.close()
  }
}

function answerWith({ upstream }: Corridor, body: unknown): void {
  upstream.respond((_, socket) => {
    socket.write(answerBytes(200, [label], JSON.stringify(body)))
  })
}

function told(edge: TestEdge, event: string): readonly Told[] {
  const lines = readFileSync(edge.auditFile, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Told).filter((each) => each.event === event)
}

async function untilTold(edge: TestEdge, event: string): Promise<Told> {
  for (;;) {
    const [first] = told(edge, event)
    if (first !== undefined) return first
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function metric(edge: TestEdge, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(series))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const get = (path: string, token: string): string => head(`GET ${path} HTTP/1.1`, [bearer(token)])

describe('the audit of what was withheld', () => {
  it('names rules and fields with their counts, and holds no value', async () => {
    await withCorridor(async (corridor, ann) => {
      const { edge } = corridor
      answerWith(corridor, [own, own, other, foreign, { account: 'acme', Account: 'acme' }])
      assert.deepEqual(JSON.parse((await ask(edge, get('/quiet', ann))).body.toString()), [
        { id: 1, account: 'acme', entity: 'A' },
        { id: 1, account: 'acme', entity: 'A' },
      ])
      const detail = {
        rows: 5,
        withheld: 3,
        violations: 1,
        fields: 2,
        rules: { tenant: 1, 'grant:acme-a': 1, 'grant:acme-mine': 1, violation: 1 },
      }
      assert.deepEqual((await untilTold(edge, 'rows.withheld')).detail, detail)
      assert.deepEqual((await untilTold(edge, 'fields.withheld')).detail, { ...detail, names: ['margin'] })
      const read = await untilTold(edge, 'data.read')
      assert.deepEqual(read.detail, {
        status: 200,
        method: 'GET',
        rows: 5,
        withheld: 3,
        fieldsWithheld: 2,
        violations: 1,
      })
      assert.doesNotMatch(readFileSync(edge.auditFile, 'utf8'), /secret/)
      assert.deepEqual(told(edge, 'leak.detected'), [])
    })
  })

  it('says nothing where nothing was withheld', async () => {
    await withCorridor(async (corridor, ann) => {
      answerWith(corridor, [{ id: 1, account: 'acme', entity: 'A' }])
      await ask(corridor.edge, get('/told', ann))
      await untilTold(corridor.edge, 'data.read')
      for (const event of ['rows.withheld', 'fields.withheld', 'leak.detected'])
        assert.deepEqual(told(corridor.edge, event), [], event)
    })
  })

  it('tells what a reader who left in the middle of the answer got', async () => {
    await withCorridor(async (corridor, ann) => {
      const { edge, upstream } = corridor
      upstream.respond((_, socket) => {
        const first = Buffer.from(`[${JSON.stringify(own)},${JSON.stringify(foreign)},`)
        socket.write(`HTTP/1.1 200 OK\r\n${label.join(': ')}\r\ntransfer-encoding: chunked\r\n\r\n`)
        socket.write(`${first.length.toString(16)}\r\n${first.toString()}\r\n`)
      })
      const client = connect(edge.port, '127.0.0.1')
      client.write(get('/quiet', ann))
      await once(client, 'data')
      client.destroy()
      assert.deepEqual((await untilTold(edge, 'rows.withheld')).detail?.['rules'], { tenant: 1 })
      assert.equal((await untilTold(edge, 'data.read')).detail?.['rows'], 2)
    })
  })
})

const leaks = (edge: TestEdge, kind: string, path: string) =>
  metric(edge, `sallyport_leaks_detected_total{app="orders",route="GET ${path}",kind="${kind}"}`)

const grants = (count: number) => ({ 'grant:acme-a': count, 'grant:acme-mine': count })

describe('the leak alarm', () => {
  it('sounds once a minute for each route, apart for rows of another tenant and rows outside the mask', async () => {
    await withCorridor(async (corridor, ann) => {
      const { edge } = corridor
      for (const rows of [[other], [other], [own, foreign, foreign, other], [foreign]]) {
        answerWith(corridor, rows)
        await ask(edge, get('/told', ann))
      }
      const [mask, tenant, ...more] = told(edge, 'leak.detected')
      assert.deepEqual(more, [])
      assert.equal(mask?.outcome, 'failure')
      assert.equal(mask.reason, 'rows outside the mask')
      assert.deepEqual(mask.detail, { rows: 1, withheld: 1, violations: 0, foreign: 0, rules: grants(1) })
      assert.equal(tenant?.reason, 'rows of another tenant')
      assert.deepEqual(tenant.detail, {
        rows: 4,
        withheld: 3,
        violations: 0,
        foreign: 2,
        rules: { tenant: 2, ...grants(1) },
      })
      assert.equal(await leaks(edge, 'mask', '/told'), 2)
      assert.equal(await leaks(edge, 'tenant', '/told'), 2)
      answerWith(corridor, foreign)
      await ask(edge, get('/item', ann))
      assert.equal(told(edge, 'leak.detected').length, 3)
    })
  })

  it('stays silent where the app was not told whose rows to send', async () => {
    await withCorridor(async (corridor, ann) => {
      answerWith(corridor, [foreign])
      await ask(corridor.edge, get('/quiet', ann))
      await untilTold(corridor.edge, 'rows.withheld')
      assert.deepEqual(told(corridor.edge, 'leak.detected'), [])
    })
  })

  for (const [path, body, status] of [
    ['/block', [own, foreign], 502],
    ['/item', foreign, 404],
  ] as const)
    for (const framing of ['length', 'chunked'] as const)
      it(`sounds for a blocked answer too: ${path} by ${framing}`, async () => {
        await withCorridor(async (corridor, ann) => {
          const { edge, upstream } = corridor
          upstream.respond((_, socket) => {
            const bytes = answerBytes(200, [label], JSON.stringify(body))
            if (framing === 'length') socket.write(bytes)
            else socket.end(bytes.toString().replace(/content-length: \d+\r\n/, ''))
          })
          assert.equal((await ask(edge, get(path, ann))).status, status)
          const leak = await untilTold(edge, 'leak.detected')
          assert.deepEqual(leak.detail?.['rules'], { tenant: 1 })
          assert.equal(await leaks(edge, 'tenant', path), 1)
          assert.deepEqual(told(edge, 'rows.withheld'), [])
        })
      })
})
