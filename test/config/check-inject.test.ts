import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, good, parse, problemsOf } from './support.ts'

/** In place of the last line of the dataset's route, and what is wrong with it. */
const refusals: readonly (readonly [string, ...string[]])[] = [
  ['inject: [{ kind: query }]', '27:18 apps[0].routes[1].inject[0]: needs set or mask'],
  [
    'inject: [{ kind: query, mask: odata, set: { a: b } }]',
    '27:18 apps[0].routes[1].inject[0]: has set or mask, not both',
  ],
  [
    'inject: [{ kind: query, mask: mongodb }]',
    '27:39 apps[0].routes[1].inject[0].mask: is no language of a query: odata, postgrest are',
  ],
  ['inject: [{ kind: header, at: / }]', '27:34 apps[0].routes[1].inject[0].at: means nothing with the kind header'],
  [
    'inject: [{ kind: query, mask: odata, oversize: omit }]',
    '27:46 apps[0].routes[1].inject[0].oversize: means nothing with the kind query',
  ],
  [
    'inject: [{ kind: body, mask: mongodb, at: /filter }]',
    '27:18 apps[0].routes[1].inject[0]: needs POST as the only method of the route: other requests carry no query in their body',
  ],
  ['inject: [{ kind: header }, { kind: header }]', '27:36 apps[0].routes[1].inject[1]: says twice what is said once'],
  [
    'inject: [{ kind: query, set: { a: x } }, { kind: query, set: { A: y } }]',
    '27:50 apps[0].routes[1].inject[1]: says twice what is said once',
  ],
]

describe('refuses an injection that says nothing, or too much', () => {
  for (const [line, ...expected] of refusals) {
    it(`refuses ${line}`, () => assert.deepEqual(problemsOf(changed('onViolation: drop', line)), expected))
  }

  it('refuses a place with a star for the query of a body', () => {
    const text = changed(
      'methods: [GET]\n        path: /api/orders/**',
      'methods: [POST]\n        path: /api/orders/**',
    )
    const line = 'inject: [{ kind: body, mask: mongodb, at: /a/* }]'
    assert.deepEqual(problemsOf(text.replace('onViolation: drop', line)), [
      '27:51 apps[0].routes[1].inject[0].at: must not hold *: a query stands in one place',
    ])
  })

  it('tells nobody on a public route who asks, but lets a literal be set', () => {
    const whom = changed(
      'access: public',
      'access: public\n        inject: [{ kind: query, set: { a: { $user: tenant } } }]',
    )
    assert.deepEqual(problemsOf(whom), [
      '22:18 apps[0].routes[0].inject[0]: nobody is known on a public route: only literal parameters can be set',
    ])
    const fixed = changed('access: public', 'access: public\n        inject: [{ kind: query, set: { a: b } }]')
    assert.deepEqual(problemsOf(fixed), [])
  })

  it('knows no mask on a route without a dataset', () => {
    const text = changed('access: public', 'access: member\n        inject: [{ kind: header }]')
    assert.deepEqual(problemsOf(text), [
      '22:18 apps[0].routes[0].inject[0]: means nothing without a dataset: there is no mask to tell',
    ])
  })
})

const rows = (line: string) => parse(changed('onViolation: drop', line)).apps[0]?.routes[1]

describe('what a route says of requests', () => {
  it('is strict on a dataset and raw elsewhere unless it says so', () => {
    const routes = parse(good).apps[0]?.routes ?? []
    assert.deepEqual(
      routes.map(({ sanitise, tenantParameters }) => ({ ...sanitise, tenantParameters })),
      [
        { profile: 'raw', reportOnly: false, tenantParameters: [] },
        { profile: 'strict', reportOnly: false, tenantParameters: ['account'] },
      ],
    )
    assert.deepEqual(rows('sanitise: { profile: odata, report: true }')?.sanitise, {
      profile: 'odata',
      reportOnly: true,
    })
    assert.deepEqual(rows('tenantParameters: []')?.tenantParameters, [])
  })

  it('reads every kind of injection', () => {
    const line =
      'inject: [{ kind: header, oversize: reference }, { kind: query, set: { account: { $user: tenant }, v: "2" } }]'
    assert.deepEqual(rows(line)?.inject, [
      { kind: 'header', oversize: 'reference' },
      {
        kind: 'set',
        parameters: new Map([
          ['account', { kind: 'user', attribute: 'tenant' }],
          ['v', { kind: 'text', text: '2' }],
        ]),
      },
    ])
    assert.deepEqual(rows('inject: [{ kind: query, mask: postgrest }]')?.inject, [{ kind: 'query', mask: 'postgrest' }])
  })
})
