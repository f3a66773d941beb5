import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const item = '{"id":1,"account":"acme","entity":"A","amount":1,"tags":["x","y"],"note":{"text":"t"}}'
// So that it is the mask that refuses, and not the inspection before it.
const write = { tenantParameters: [], access: 'member', action: 'modify', dataset: 'orders', rows: { at: ['/'] } }
const routes = [
  { ...write, methods: ['PATCH', 'DELETE'], path: '/orders/*', check: { body: ['/'] } },
  { ...write, methods: ['POST'], path: '/filled', check: { body: ['/', '/lines/*'], fill: 'tenant' } },
  { ...write, methods: ['PUT', 'PATCH', 'DELETE'], path: '/unseen/*', check: { body: ['/'] }, preRead: false },
]

/** Changes of the innermost of thirty objects of so many members. */
const nested = (members: number) => [
  { op: 'add', path: '/x', value: Object.fromEntries(Array.from({ length: members }, (_, i) => [`k${i}`, 1])) },
  ...Array.from({ length: 30 }, () => ({ op: 'copy', path: '/x/x', from: '/x' })),
  ...Array.from({ length: 200 }, (_, i) => ({ op: 'add', path: `${'/x'.repeat(30)}/z${i}`, value: 1 })),
]

describe('writes that are patches, filled, or not looked at first', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor({ routes })
    corridor.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'application/json']], item))
    })
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  async function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<number> {
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const headers = { authorization: `Bearer ${ann}`, ...(body === undefined ? {} : { 'content-type': type }) }
    const answer = await fetch(`${corridor.edge.url}${path}`, { method, headers, ...content })
    await answer.arrayBuffer()
    return answer.status
  }

  const patches: readonly (readonly [string, readonly unknown[], number])[] = [
    ['changes what is its own', [{ op: 'replace', path: '/amount', value: 2 }], 200],
    [
      'adds to a list, moves and copies',
      [
        { op: 'add', path: '/tags/-', value: 'z' },
        { op: 'move', path: '/first', from: '/tags/0' },
        { op: 'copy', path: '/tags/0', from: '/note' },
        { op: 'remove', path: '/note/text' },
        { op: 'test', path: '/id', value: 1 },
      ],
      200,
    ],
    ['names another company', [{ op: 'replace', path: '/account', value: 'globex' }], 403],
    ['names another company by a copy', [{ op: 'copy', path: '/account', from: '/note/text' }], 403],
    ['takes the company away', [{ op: 'remove', path: '/account' }], 403],
    ['leaves the mask', [{ op: 'add', path: '/entity', value: 'B' }], 403],
    [
      'leaves the mask by its last change',
      [
        { op: 'replace', path: '/entity', value: 'A' },
        { op: 'move', path: '/entity', from: '/note/text' },
      ],
      403,
    ],
    [
      'replaces the whole by a row of others',
      [{ op: 'replace', path: '', value: { account: 'globex', entity: 'A' } }],
      403,
    ],
    ['writes a withheld field', [{ op: 'add', path: '/margin', value: 1 }], 403],
    ['writes below a withheld field', [{ op: 'add', path: '/margin/x', value: 1 }], 403],
    ['reads a withheld field', [{ op: 'copy', path: '/note/seen', from: '/margin' }], 403],
    ['guesses a withheld field', [{ op: 'test', path: '/margin', value: 5 }], 403],
    ['spells a declared member otherwise', [{ op: 'add', path: '/Account', value: 'globex' }], 400],
    ['changes what is not there', [{ op: 'replace', path: '/nothing', value: 1 }], 400],
    ['removes what is not there', [{ op: 'remove', path: '/tags/2' }], 400],
    ['moves a value into itself', [{ op: 'move', path: '/note/text/in', from: '/note' }], 400],
    ['is of no known kind', [{ op: 'merge', path: '/account', value: 'globex' }], 400],
    ['has a member too many', [{ op: 'remove', path: '/note', value: 1 }], 400],
    ['has a member too few', [{ op: 'add', path: '/note' }], 400],
    ['has no pointer', [{ op: 'remove', path: 'note' }], 400],
    ['has a pointer with a broken escape', [{ op: 'remove', path: '/note~2' }], 400],
    ['says nothing', [], 400],
  ]
  for (const [name, patch, status] of patches) {
    it(`answers ${status} to a JSON Patch that ${name}`, async () => {
      assert.equal(await send('PATCH', '/orders/1', patch, 'application/json-patch+json'), status)
      const methods = corridor.upstream.requests.map(({ method }) => method)
      assert.deepEqual(methods, status === 200 ? ['GET', 'PATCH'] : ['GET'])
      if (status === 200) assert.equal(corridor.upstream.requests[1]?.body.toString(), JSON.stringify(patch))
    })
  }

  it('refuses a JSON Patch of a thousand changes', async () => {
    const many = Array.from({ length: 1000 }, () => ({ op: 'copy', path: '/tags', from: '' }))
    assert.equal(await send('PATCH', '/orders/1', many, 'application/json-patch+json'), 400)
  })

  it('does not grow with a patch that copies a member into itself again and again', async () => {
    const growing = Array.from({ length: 200 }, (_, i) => ({ op: 'copy', path: `/note/n${i}`, from: '/note' }))
    assert.equal(await send('PATCH', '/orders/1', growing, 'application/json-patch+json'), 200)
  })

  it('refuses a JSON Patch that makes every step of a pointer a large object, and takes the same with a small one', async () => {
    assert.equal(await send('PATCH', '/orders/1', nested(2000), 'application/json-patch+json'), 400)
    assert.equal(await send('PATCH', '/orders/1', nested(10), 'application/json-patch+json'), 200)
  })

  it('gives a row that names no company the active one, and loses nothing of it', async () => {
    const body =
      '{"entity":"A","amount":1.50e2,"big":9007199254740993,"lines":[{"entity":"A"},{"account":"acme","entity":"A"}]}'
    assert.equal(await send('POST', '/filled', body), 200)
    const sent = corridor.upstream.requests[0]
    const expected =
      '{"entity":"A","amount":1.50e2,"big":9007199254740993,"lines":[{"entity":"A","account":"acme"},{"account":"acme","entity":"A"}],"account":"acme"}'
    assert.equal(sent?.body.toString(), expected)
    assert.deepEqual(
      sent?.headers.filter(([name]) => name.toLowerCase() === 'content-length').map(([, value]) => value),
      [String(expected.length)],
    )
  })

  it('fills in nothing where a company is named, were it null', async () => {
    const line = { account: 'acme', entity: 'A' }
    for (const account of ['globex', null, '', ['acme']]) {
      assert.equal(await send('POST', '/filled', { account, entity: 'A', lines: [line] }), 403, String(account))
      assert.equal(await send('POST', '/filled', { ...line, lines: [{ ...line, account }] }), 403, String(account))
    }
    assert.equal(await send('POST', '/filled', { entity: 'A', Account: 'globex', lines: [line] }), 400)
    assert.equal(await send('POST', '/filled', { entity: 'B', lines: [line] }), 403)
    assert.equal(corridor.upstream.requests.length, 0)
    const same = '{ "account":"acme", "entity":"A", "lines":[] }'
    assert.equal(await send('POST', '/filled', same), 200)
    assert.equal(corridor.upstream.requests[0]?.body.toString(), same)
  })

  it('looks at nothing where the route says so, and holds the whole of what is written', async () => {
    assert.equal(await send('DELETE', '/unseen/1'), 200)
    assert.equal(await send('PUT', '/unseen/1', { account: 'acme', entity: 'A' }), 200)
    assert.deepEqual(
      corridor.upstream.requests.map(({ method }) => method),
      ['DELETE', 'PUT'],
    )
    assert.equal(await send('PATCH', '/unseen/1', { amount: 1 }), 403)
    const patch = [{ op: 'replace', path: '/amount', value: 1 }]
    assert.equal(await send('PATCH', '/unseen/1', patch, 'application/json-patch+json'), 415)
  })
})
