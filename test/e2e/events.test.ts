import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { startEcho } from '../support/echo-upstream.ts'
import { startTestEdge } from '../support/edge.ts'

for (const lane of ['dispatch', 'reply-from'] as const) {
  describe(`server-sent events by ${lane}`, () => {
    it('arrive one by one as they are sent, the head before the first, and end with their reader', async () => {
      const { promise: opened, resolve } = Promise.withResolvers<Socket>()
      const upstream = await startEcho({
        respond: (_request, socket) => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n')
          resolve(socket)
        },
      })
      const edge = await startTestEdge({ upstream: upstream.url, lane })
      try {
        const left = new AbortController()
        const answer = await fetch(`${edge.url}/public/events`, { signal: left.signal })
        assert.equal(answer.headers.get('content-type'), 'text/event-stream')
        const socket = await opened
        const reader = answer.body?.getReader()
        for (const event of ['data: 1\n\n', 'data: 2\n\n', ': heartbeat\n\n']) {
          socket.write(`${event.length.toString(16)}\r\n${event}\r\n`)
          const piece = await reader?.read()
          assert.equal(Buffer.from(piece?.value ?? []).toString(), event)
        }
        const closed = once(socket, 'close')
        left.abort()
        await closed
      } finally {
        await edge.stop()
        await upstream.close()
      }
    })
  })
}
