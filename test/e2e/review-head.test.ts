import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { LaneName } from '../../src/edge/proxy.ts'
import { answerBytes } from '../support/echo-upstream.ts'
import { ask, bearer, type Corridor, field, head, openCorridor } from './threats-support.ts'

for (const lane of ['dispatch', 'reply-from'] as const) describe(`HEAD by ${lane}`, () => asksForHeads(lane))

function asksForHeads(lane: LaneName): void {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor({ lane })
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())

  function answerWith(rows: unknown, coding: 'length' | 'close'): void {
    corridor.upstream.respond(({ method }, socket) => {
      const bytes = answerBytes(200, [['content-type', 'application/json']], JSON.stringify(rows))
      const end = bytes.indexOf('\r\n\r\n') + 4
      if (method === 'HEAD') socket.write(bytes.subarray(0, end))
      else if (coding === 'length') socket.write(bytes)
      else socket.end(bytes.toString().replace(/content-length: \d+\r\n/, ''))
    })
  }

  const headOf = (path: string) => ask(corridor.edge, head(`HEAD ${path} HTTP/1.1`, [bearer(ann)]), { head: true })

  for (const coding of ['length', 'close'] as const) {
    it(`tells of an item that may be seen and of no other (${coding})`, async () => {
      answerWith({ id: 4, account: 'globex', entity: 'A' }, coding)
      assert.equal((await headOf('/orders/4')).status, 404)
      answerWith({ id: 2, account: 'acme', entity: 'B' }, coding)
      assert.equal((await headOf('/orders/2')).status, 404)
      answerWith({ id: 1, account: 'acme', entity: 'A' }, coding)
      assert.equal((await headOf('/orders/1')).status, 200)
    })

    it(`has the fields of the filtered answer, no length and no body (${coding})`, async () => {
      answerWith(
        [
          { id: 4, account: 'globex' },
          { id: 1, account: 'acme', entity: 'A' },
        ],
        coding,
      )
      const answer = await headOf('/orders')
      assert.equal(answer.status, 200)
      assert.equal(field(answer, 'content-type'), 'application/json')
      assert.equal(field(answer, 'content-length'), undefined)
      assert.equal(answer.body.length, 0)
    })
  }
}
