import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { startEcho } from '../support/echo-upstream.ts'
import { startTestEdge } from '../support/edge.ts'

const marker = 'FOREIGN7f3a'
const chunkOf = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

/** A third of what each answer holds; the second third has a foreign row in it. */
const answers: readonly (readonly [type: string, rows: object, first: string, foreign: string, last: string])[] = [
  ['application/json', { at: ['/*'] }, '[{"account":"acme","id":1}', `,{"account":"globex","note":"${marker}"}`, ']'],
  [
    'application/x-ndjson',
    { at: ['/'] },
    '{"account":"acme","id":1}\n',
    `{"account":"globex","note":"${marker}"}\n`,
    '{"account":"acme","id":3}\n',
  ],
  ['text/csv', { csv: {} }, 'account,note\nacme,1\n', `globex,${marker}\n`, 'acme,3\n'],
  [
    'application/xml',
    { xml: { at: ['/orders/order'] } },
    '<orders><order><account>acme</account><id>1</id></order>',
    `<order><account>globex</account><note>${marker}</note></order>`,
    '</orders>',
  ],
]

for (const lane of ['dispatch', 'reply-from'] as const) {
  describe(`the first byte of a filtered answer by ${lane}`, () => {
    for (const [type, rows, first, foreign, last] of answers) {
      it(`is not delayed by the rest: ${type}`, async () => {
        const { promise: opened, resolve } = Promise.withResolvers<Socket>()
        const upstream = await startEcho({
          respond: (_request, socket) => {
            socket.write(
              `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n${chunkOf(first)}`,
            )
            resolve(socket)
          },
        })
        const route = { methods: ['GET'], path: '/rows', access: 'member', dataset: 'orders', rows }
        const edge = await startTestEdge({ upstream: upstream.url, lane, routes: [route] })
        try {
          const headers = { authorization: `Bearer ${await edge.token('dave@acme.example')}` }
          const answer = await fetch(`${edge.url}/rows`, { headers })
          assert.equal(answer.status, 200)
          const reader = answer.body?.getReader()
          let heard = ''
          // The row comes before the upstream has said any more.
          while (!heard.includes('1')) heard += Buffer.from((await reader?.read())?.value ?? []).toString()
          const socket = await opened
          socket.write(`${chunkOf(foreign)}${chunkOf(last)}0\r\n\r\n`)
          for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read())
            heard += Buffer.from(piece.value).toString()
          assert.equal(heard, first + last)
        } finally {
          await edge.stop()
          await upstream.close()
        }
      })
    }
  })
}
