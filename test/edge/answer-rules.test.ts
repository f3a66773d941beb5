import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppConfig, DatasetRouteConfig, RowsConfig } from '../../src/config/config.ts'
import { answerRules, framePlan, runCanaries } from '../../src/edge/answer-rules.ts'
import type { Masked } from '../../src/exchange.ts'
import { authorize } from '../../src/stages/authorize/authorize.ts'
import { resolveMask } from '../../src/stages/mask/resolve-mask.ts'
import { match } from '../../src/stages/match/match.ts'
import { RouteTable } from '../../src/stages/match/route-table.ts'
import { principal } from '../stages/forward/support.ts'
import { admitted, appsOf } from '../stages/match/support.ts'

const digest = 'a'.repeat(64)
const operations = [
  { name: 'A', sha256: digest, at: ['/data/a/*'] },
  { name: 'B', sha256: digest, at: ['/data/b/*'], keep: ['/errors'], strict: true },
]
const common = { methods: ['GET'], access: 'member', dataset: 'orders' }
const apps = appsOf([
  {
    id: 'app',
    match: { hosts: ['app.example'] },
    routes: [
      { ...common, path: '/graphql', rows: { graphql: { operations } } },
      { ...common, path: '/live', rows: { at: ['/*'], frames: { at: ['/items/*'], keep: ['/type'] } } },
    ],
  },
])

function request(target: string, from: readonly AppConfig[] = apps): Masked {
  const admission = admitted([['Host', 'app.example']], { target })
  const identity = { kind: 'principal', principal: principal() } as const
  const table = new RouteTable(from, 'edge.example')
  const authorized = authorize({ ...match(admission, table), limit: undefined, identity })
  return resolveMask(authorized, { auditFailure: () => undefined, bases: new Map() })
}

describe('the rules for an answer', () => {
  it('are those of the operation that was asked, each made once', () => {
    const asked = request('/graphql')
    const [a, b] = asked.route.rows?.rows.graphql?.operations ?? []
    const [first, second] = [answerRules(asked, a), answerRules(asked, b)]
    assert.ok(first !== 'undeclared' && second !== 'undeclared')
    assert.deepEqual([first.plan.at, second.plan.at], [[['data', 'a', '*']], [['data', 'b', '*']]])
    assert.deepEqual([first.plan.strict, second.plan.strict], [false, true])
    assert.deepEqual(second.plan.keep, [['errors']])
    assert.equal(answerRules(asked, a), first)
    assert.notEqual(first, second)
  })

  it('find no JSON to read where no operation was asked', () => {
    // No configuration file can say both; if it could, JSON would still be the answer to an operation.
    for (const from of [apps, changedRows(() => ({ at: [['*']] }))]) {
      const rules = answerRules(request('/graphql', from))
      assert.deepEqual(rules === 'undeclared' ? rules : rules.readers.at, [])
    }
  })

  it('are others for the messages of a route than for its answers', () => {
    const asked = request('/live')
    const rules = answerRules(asked)
    assert.deepEqual(rules === 'undeclared' ? rules : rules.plan.at, [['*']])
    assert.deepEqual(framePlan(asked)?.at, [['items', '*']])
    assert.deepEqual(framePlan(asked)?.keep, [['type']])
    assert.equal(framePlan(asked), framePlan(asked))
    assert.equal(framePlan(request('/graphql')), undefined)
  })
})

/** What no configuration file can say: everything beside the way to the canary's row is let through. */
const leak = { keep: [['sallyport-canary']] }

function changedRows(change: (rows: RowsConfig) => Partial<RowsConfig>): readonly AppConfig[] {
  const changedRoute = (route: DatasetRouteConfig) => ({ ...route, rows: { ...route.rows, ...change(route.rows) } })
  return apps.map((app) => ({
    ...app,
    routes: app.routes.map((route) => (route.dataset === undefined ? route : changedRoute(route))),
  }))
}

const run = (changed: readonly AppConfig[]) => runCanaries(new RouteTable(changed, 'edge.example').apps)

describe('the canary at start', () => {
  it('dies in every operation and in every message', () => run(apps))

  it('is seen where one operation of many lets it live', () => {
    const leaky = changedRows(({ graphql }) =>
      graphql === undefined
        ? {}
        : {
            graphql: {
              operations: graphql.operations.map((one) =>
                one.name === 'A' ? { ...one, rows: { ...one.rows, ...leak } } : one,
              ),
            },
          },
    )
    assert.throws(() => run(leaky), { code: 'ERR_ANSWER_VIOLATION' })
  })

  it('is seen where a reader of another kind lets it live', () => {
    const xml = { at: [['orders', 'order']], fields: new Map(), keep: [] }
    assert.doesNotThrow(() => run(changedRows(() => ({ xml }))))
    const leaky = changedRows(() => ({ xml: { ...xml, keep: [['orders', 'sallyport-canary']] } }))
    assert.throws(() => run(leaky), { code: 'ERR_ANSWER_VIOLATION', message: /filter of xml/ })
  })

  it('is seen where the messages of a route let it live', () => {
    const leaky = changedRows(({ frames }) => (frames === undefined ? {} : { frames: { ...frames, ...leak } }))
    assert.throws(() => run(leaky), { code: 'ERR_ANSWER_VIOLATION' })
  })
})
