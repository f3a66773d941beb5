import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const always = { validFrom: undefined, validUntil: undefined }
const write = { tenantParameters: [], access: 'member', action: 'modify', dataset: 'orders', rows: { at: ['/'] } }
const routes = [
  { ...write, methods: ['POST', 'PUT', 'PATCH'], path: '/orders/*', check: { body: ['/'] } },
  { ...write, methods: ['PATCH'], path: '/nested/*', check: { body: ['/', '/lines/*'] } },
  { ...write, methods: ['PATCH'], path: '/filled/*', check: { body: ['/', '/lines/*'], fill: 'tenant' } },
]

describe('what a written body comes to', () => {
  let corridor: Corridor
  let ann: string
  let dave: string
  let item: unknown

  before(async () => {
    corridor = await openCorridor({ routes })
    corridor.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'application/json']], JSON.stringify(item)))
    })
    // Who owns a row is kept from dave.
    await corridor.edge.store.putGrant({
      id: 'acme-no-owner',
      tenant: 'acme',
      dataset: 'orders',
      subject: { kind: 'account', account: 'id-dave' },
      actions: ['read'],
      rows: true,
      effect: 'permit',
      withhold: ['owner'],
      ...always,
      sharedBy: undefined,
    })
    ann = await corridor.edge.token('ann@acme.example')
    dave = await corridor.edge.token('dave@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
    item = { id: 1, account: 'acme', entity: 'A', meta: { owner: 'bob', kind: 'x' } }
  })

  async function send(token: string, method: string, path: string, body: unknown, type = 'application/json') {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const answer = await fetch(`${corridor.edge.url}${path}`, { method, headers, body: JSON.stringify(body) })
    await answer.arrayBuffer()
    const isWritten = corridor.upstream.requests.some((request) => request.method === method)
    assert.equal(isWritten, answer.status === 200)
    return answer.status
  }

  const merge = 'application/merge-patch+json'

  it('is another row for each entry of a list: none is merged into the item', async () => {
    assert.equal(await send(ann, 'PATCH', '/nested/1', { lines: [{ id: 9, amount: 0 }] }), 403)
    assert.equal(await send(ann, 'PATCH', '/nested/1', { lines: [{ id: 9, amount: 0 }] }, merge), 403)
    assert.equal(await send(ann, 'PATCH', '/nested/1', { lines: [{ account: 'acme', entity: 'A' }] }), 200)
  })

  it('is given its company in a list of a patch, and not in the patch', async () => {
    assert.equal(await send(ann, 'PATCH', '/filled/1', { lines: [{ entity: 'A' }] }), 200)
    const body = corridor.upstream.requests.at(-1)?.body.toString()
    assert.equal(body, '{"lines":[{"entity":"A","account":"acme"}]}')
  })

  it('is the whole row under a media type that does not say how to patch', async () => {
    const change = { Operations: [{ op: 'replace', path: 'account', value: 'globex' }] }
    for (const type of ['application/scim+json', 'application/vnd.example.patch+json'])
      for (const path of ['/orders/1', '/filled/1'])
        assert.equal(await send(ann, 'PATCH', path, { ...change, entity: 'A', lines: [] }, type), 403, path + type)
    const row = { account: 'acme', entity: 'A' }
    assert.equal(await send(ann, 'PATCH', '/orders/1', row, 'application/scim+json'), 200)
  })

  it('is inside the mask for an app that merges objects, and for one that replaces them', async () => {
    item = { id: 1, account: 'acme', entity: 'B', meta: { owner: 'ann', kind: 'x' } }
    assert.equal(await send(ann, 'PATCH', '/orders/1', { meta: { kind: 'y' } }), 403)
    assert.equal(await send(ann, 'PATCH', '/orders/1', { meta: { owner: 'ann', kind: 'y' } }), 200)
    corridor.upstream.requests.length = 0
    assert.equal(await send(ann, 'PATCH', '/orders/1', { meta: { owner: 'bob' } }, merge), 403)
    assert.equal(await send(ann, 'PATCH', '/orders/1', { meta: { kind: 'y' } }, merge), 200)
  })

  it('says nothing of a declared member by a dotted name', async () => {
    for (const type of ['application/json', merge])
      assert.equal(await send(ann, 'PATCH', '/orders/1', { 'meta.owner': 'eve' }, type), 400)
    const patch = [{ op: 'add', path: '/meta.owner', value: 'eve' }]
    assert.equal(await send(ann, 'PATCH', '/orders/1', patch, 'application/json-patch+json'), 400)
    assert.equal(await send(ann, 'PATCH', '/orders/1', { 'meta.note': 'eve' }), 200)
  })

  it('takes no withheld field away with the object that holds it', async () => {
    const row = { account: 'acme', entity: 'A' }
    for (const meta of [null, 'x', [], { owner: null }, { owner: 'dave' }]) {
      assert.equal(await send(dave, 'PATCH', '/orders/1', { meta }, merge), 403, JSON.stringify(meta))
      assert.equal(await send(dave, 'PUT', '/orders/1', { ...row, meta }), 403, JSON.stringify(meta))
    }
    assert.equal(await send(dave, 'PATCH', '/orders/1', { meta: { kind: null } }, merge), 200)
    assert.equal(await send(dave, 'POST', '/orders/1', row), 200)
    assert.equal(await send(ann, 'PATCH', '/orders/1', { meta: null }, merge), 200)
  })
})
