import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseSource } from '../../src/config/document.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError, formatProblems } from '../../src/config/problems.ts'
import { good, parse, problemsOf } from './support.ts'

function messages(text: string): string[] {
  return parseSource(text).complaints.map(({ message }) => message)
}

const everythingWrong = `publicURL: https://edge.example.com
listen: { port: 70000, trustedProxies: [0.0.0.0/0] }
store: { url: "\${NOWHERE}" }
datasets:
  orders:
    tenant: acount
    fields: { account: string }
  items:
    tenant: account
    visibility: all
    fields: { account: string }
apps:
  - id: a
    upstreams: [http://10.0.0.5/x]
    routes:
      - { methods: [GET], path: /**, access: member }
      - { methods: [GET], path: /b, access: public, dataset: order, limit: { max: 0, window: 1m } }
  - { id: a, upstreams: [http://10.0.0.6], routes: [] }
  - 7
`

describe('lists everything that is wrong at once', () => {
  it('in the order of the file', () => {
    assert.deepEqual(
      problemsOf(everythingWrong),
      [
        '1:1 publicURL: unknown key; did you mean "publicUrl"?',
        '1:1 publicUrl: is missing',
        '2:17 listen.port: must be a port, 0 to 65535',
        '2:41 listen.trustedProxies[0]: is every address there is',
        '3:15 store.url: ${NOWHERE} is not set in the environment',
        '6:13 datasets.orders.tenant: no field is called "acount"; did you mean "account"?',
        '10:17 datasets.items.visibility: must be one of tenant, granted',
        '14:17 apps[0].upstreams[0]: must be a bare origin: no path, query or fragment',
        '17:9 apps[0].routes[1].rows: is missing: a route with a dataset says where the rows of its answers stand',
        '17:33 apps[0].routes[1].path: can never match: routes[0] before it takes every such request',
        '17:45 apps[0].routes[1].access: a route with a dataset cannot be public: rows belong to tenants',
        '17:62 apps[0].routes[1].dataset: no dataset is called "order"; did you mean "orders"?',
        '17:83 apps[0].routes[1].limit.max: must be a whole number, 1 to 1000000000',
        '18:11 apps[1].id: apps[0] has this id already',
        '18:5 apps[1].match: apps[0] has the same host and path',
        '18:52 apps[1].routes: must not be empty',
        '19:5 apps[2]: must be a map',
      ].sort(byPosition),
    )
  })
})

describe('keeps its head among thousands of faults', () => {
  it('tells the first 500 and reads nothing that the schema refused', () => {
    const unknown = Array.from({ length: 2000 }, (_, i) => `x${i}: 1\n`).join('')
    assert.equal(
      problemsOf(`${unknown}publicUrl: 7\nlisten: { trustedProxies: 7 }\napps: [{ routes: [7] }]\n`).length,
      500,
    )
  })
})

function byPosition(a: string, b: string): number {
  const [lineA = 0, columnA = 0] = a.split(/[: ]/).map(Number)
  const [lineB = 0, columnB = 0] = b.split(/[: ]/).map(Number)
  return lineA - lineB || columnA - columnB
}

describe('refuses what is not one plain YAML document', () => {
  const refusals: readonly (readonly [string, string, string])[] = [
    ['an empty file', '', '1:1 must be a map'],
    ['a list', '- a', '1:1 must be a map'],
    ['a key written twice', 'log: {}\nlog: {}', '2:1 this key is written twice'],
    ['a second document', `${good}---\na: b\n`, '28:1 a second document: one file holds one configuration'],
    [
      'an alias',
      'listen: &x {}\nadmin: *x',
      '1:12 listen: YAML anchors are not allowed\n2:8 admin: YAML aliases are not allowed',
    ],
    ['a tag', 'log: !!str x', '1:12 log: YAML tags are not allowed'],
    ["a tag of one's own", 'log: !x y', '1:6 YAML tags are not allowed'],
    ['a merge key', `<<: { log: {} }\n${good}`, '1:1 ["<<"]: unknown key'],
    ['a key that is not a string', `1: a\n${good}`, '1:1 a key must be a string; put it in quotes'],
    ['a key that is a list', `? [a]\n: b\n${good}`, '1:3 a key must be a string; put it in quotes'],
    ['__proto__', `__proto__: {}\n${good}`, '1:1 this key is not allowed'],
    [
      'an infinite number',
      'listen: { port: .inf }',
      '1:17 listen.port: is a number that cannot be held exactly; put it in quotes',
    ],
    [
      'a number past 2^53',
      'listen: { port: 9007199254740993 }',
      '1:17 listen.port: is a number that cannot be held exactly; put it in quotes',
    ],
    [
      'deep nesting',
      `a: ${'['.repeat(60)}${']'.repeat(60)}`,
      '1:44 a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: is nested too deeply',
    ],
    ['a text that is too long', `#${'x'.repeat(1_048_576)}`, '1:1 is longer than 1048576 characters'],
  ]
  for (const [name, text, expected] of refusals) {
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(text).join('\n'), expected))
  }

  it('refuses thousands of nested lists without falling over', () => {
    for (const text of ['[', '- ', '{a: ', '? ']) assert.ok(problemsOf(text.repeat(5000)).length > 0)
  })
})

describe('gives a configuration that nobody can change', () => {
  it('is frozen to the bottom', () => {
    const config = parse(good)
    assert.ok(Object.isFrozen(config.apps[0]?.routes[0]?.methods))
    assert.ok(Object.isFrozen(config.datasets.get('orders')?.fields.get('owner')?.path))
    assert.throws(() => Reflect.apply(Reflect.get(config.datasets, 'set'), config.datasets, ['x', {}]), TypeError)
  })

  it('fills in every default, with units', () => {
    const { listen, sessions, tokens, limits, apps } = parse(good)
    assert.deepEqual(listen, {
      host: '127.0.0.1',
      port: 8080,
      trustedProxies: ['10.0.0.0/8'],
      maxHeaders: 100,
      maxBodyBytes: 10_485_760,
      timeouts: { headersMs: 15_000, requestMs: 300_000, keepAliveMs: 65_000 },
    })
    assert.deepEqual(sessions, { idleMs: 28_800_000, absoluteMs: 43_200_000 })
    assert.deepEqual(tokens, { accessMs: 900_000, refreshMs: 2_592_000_000 })
    assert.deepEqual(limits.signIn, { max: 20, windowMs: 60_000 })
    assert.deepEqual(apps[0]?.routes[1]?.access, { kind: 'roles', roles: ['viewer'] })
    assert.deepEqual(apps[0]?.timeouts, { connectMs: 5000, headersMs: 60_000, bodyMs: 300_000 })
  })
})

describe('loads files', () => {
  it('reads the file and what it refers to', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'))
    t.after(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'secret'), 'sqlite:here.db\n')
    await writeFile(
      join(folder, 's.yaml'),
      good.replace('"sqlite:data/test.db"', '"file:${FOLDER}/secret"').replace('file:${FOLDER}', `file:${folder}`),
    )
    assert.deepEqual((await loadConfig(join(folder, 's.yaml'), {})).store, { kind: 'sqlite', file: 'here.db' })
  })

  it('says that a folder is no file', async () => {
    await assert.rejects(loadConfig(tmpdir(), {}), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(formatProblems(error.problems), /:1:1 is a folder, not a file$/)
      return true
    })
  })

  it('says that a reference inside brackets needs quotes, and nothing of the kind about other braces', () => {
    assert.match(
      messages('upstreams: [${APP}]')[0] ?? '',
      /^is not YAML: .*; inside \[ \] and \{ \} a \$\{NAME\} needs quotes$/,
    )
    assert.deepEqual(messages("upstreams: ['${APP}']"), [])
    assert.doesNotMatch(messages('upstreams: [a{b}]')[0] ?? '', /quotes/)
  })

  it('refuses a file that is not there', async () => {
    await assert.rejects(loadConfig('/nowhere/s.yaml', {}), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.equal(formatProblems(error.problems), '/nowhere/s.yaml:1:1 there is no such file')
      return true
    })
  })
})
