import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

/** RFC 6902 says what to change, not what the row becomes: merged into the item, it would look like a harmless member. */
describe('a JSON Patch', () => {
  let corridor: Corridor
  let token: string

  before(async () => {
    const write = {
      methods: ['PATCH'],
      path: '/orders/*',
      access: 'member',
      action: 'modify',
      dataset: 'orders',
      tenantParameters: [],
    }
    corridor = await openCorridor({ routes: [{ ...write, rows: { at: ['/'] }, check: { body: ['/*'] } }] })
    const row = '{"id":1,"account":"acme","entity":"A"}'
    corridor.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'application/json']], row))
    })
    token = await corridor.edge.token('dave@acme.example')
  })
  after(() => corridor.close())

  async function patch(type: string, body: unknown): Promise<number> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const answer = await fetch(`${corridor.edge.url}/orders/1`, {
      method: 'PATCH',
      headers,
      body: JSON.stringify(body),
    })
    await answer.arrayBuffer()
    return answer.status
  }

  it('is no row that could be held to the mask where rows stand inside a body, other JSON is', async () => {
    const moved = [{ op: 'replace', path: '/account', value: 'globex' }]
    assert.equal(await patch('application/json-patch+json', moved), 415)
    assert.ok(corridor.upstream.requests.every(({ method }) => method === 'GET'))
    assert.equal(await patch('application/merge-patch+json', [{ account: 'acme', entity: 'B' }]), 200)
  })
})
