import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

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

const marker = 'FOREIGN7f3a'
const mine = 'data: {"account":"acme","id":1}\n\n'
const foreign = `data: {"account":"globex","note":"${marker}"}\n\n`
const chunked = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

const onRows = { methods: ['GET'], access: 'member', dataset: 'orders' }
const routes = [
  { ...onRows, path: '/stream', rows: { events: {} } },
  { ...onRows, path: '/block', rows: { events: {} }, onViolation: 'block' },
]

/** A stream that the test writes, and what its reader has got so far. */
interface Stream {
  readonly edge: TestEdge
  readonly upstream: EchoUpstream
  readonly answer: Response
  readonly socket: Socket
  /** Sends one chunk. */
  readonly say: (text: string) => void
  /** The next `length` letters; rejects where the connection breaks. */
  readonly hear: (length: number) => Promise<string>
  readonly leave: () => Promise<void>
}

async function withStream(
  lane: 'dispatch' | 'reply-from',
  path: string,
  head: string,
  run: (stream: Stream) => Promise<void>,
): Promise<void> {
  const { promise: opened, resolve } = Promise.withResolvers<Socket>()
  const upstream = await startEcho({
    respond: (_request, socket) => {
      socket.write(head)
      resolve(socket)
    },
  })
  const edge = await startTestEdge({ upstream: upstream.url, lane, routes })
  try {
    const left = new AbortController()
    const headers = { authorization: `Bearer ${await edge.token('dave@acme.example')}` }
    const answer = await fetch(`${edge.url}${path}`, { headers, signal: left.signal })
    const socket = await opened
    const reader = answer.body?.getReader()
    let heard = ''
    await run({
      edge,
      upstream,
      answer,
      socket,
      say: (text) => void socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`),
      hear: async (length) => {
        while (heard.length < length) {
          const piece = await reader?.read()
          if (piece === undefined || piece.done) break
          heard += Buffer.from(piece.value).toString()
        }
        const text = heard.slice(0, length)
        heard = heard.slice(length)
        return text
      },
      leave: async () => {
        const closed = once(socket, 'close')
        left.abort()
        await closed
      },
    })
  } finally {
    await edge.stop()
    await upstream.close()
  }
}

function audited(edge: TestEdge, event: string): readonly { readonly detail?: unknown }[] {
  const lines = readFileSync(edge.auditFile, 'utf8').trim().split('\n')
  return lines
    .map((line): { event: string; detail?: unknown } => JSON.parse(line))
    .filter((each) => each.event === event)
}

for (const lane of ['dispatch', 'reply-from'] as const) {
  describe(`server-sent events with rows by ${lane}`, () => {
    it('arrive one by one, the head before the first, and never with a foreign row', async () => {
      await withStream(lane, '/stream', chunked, async ({ answer, say, hear, leave, edge }) => {
        assert.equal(answer.status, 200)
        assert.equal(answer.headers.get('content-type'), 'text/event-stream')
        assert.equal(answer.headers.get('cache-control'), 'private, no-store')
        say(mine)
        assert.equal(await hear(mine.length), mine)
        say(`: ${marker}\n`)
        assert.equal(await hear(3), ':\n\n')
        say(foreign)
        say(`data: ${marker}\n\n`)
        say(mine.slice(0, 20))
        say(mine.slice(20))
        assert.equal(await hear(mine.length), mine)
        await leave()
        const told = (): readonly { readonly detail?: unknown }[] => audited(edge, 'rows.withheld')
        while (told().length === 0) await new Promise((resolve) => setImmediate(resolve))
        assert.deepEqual(told()[0]?.detail, {
          rows: 4,
          withheld: 2,
          violations: 1,
          fields: 0,
          rules: { tenant: 1, violation: 1 },
        })
      })
    })

    it('arrive at once where their length was declared', async () => {
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 5000\r\n\r\n'
      await withStream(lane, '/stream', head, async ({ answer, socket, hear, leave }) => {
        assert.equal(answer.headers.get('content-length'), null)
        socket.write(foreign + mine)
        assert.equal(await hear(mine.length), mine)
        await leave()
      })
    })

    it('end with the first that is not permitted under block', async () => {
      await withStream(lane, '/block', chunked, async ({ say, hear }) => {
        say(mine)
        assert.equal(await hear(mine.length), mine)
        say(foreign + mine)
        await assert.rejects(hear(1))
      })
    })

    it('break off where their app does, so that nobody takes it for the end', async () => {
      await withStream(lane, '/stream', chunked, async ({ say, hear, socket }) => {
        say(mine)
        assert.equal(await hear(mine.length), mine)
        socket.destroy()
        await assert.rejects(hear(1))
      })
    })

    it('end where their app ends them', async () => {
      await withStream(lane, '/stream', chunked, async ({ say, hear, socket }) => {
        say(mine + foreign)
        socket.write('0\r\n\r\n')
        assert.equal(await hear(1000), mine)
      })
    })

    it('are replaced where they are the words of an error', async () => {
      const body = `event: error\ndata: ${marker}\n\n${foreign}`
      const head = `HTTP/1.1 500 Oops\r\ncontent-type: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`
      await withStream(lane, '/stream', head, async ({ answer, hear }) => {
        assert.equal(answer.status, 500)
        assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.ok(!(await hear(5000)).includes(marker))
      })
    })

    it('have a head for a HEAD that does not wait for the first', async () => {
      const upstream = await startEcho({ respond: (_request, socket) => void socket.write(chunked) })
      const edge = await startTestEdge({ upstream: upstream.url, lane, routes })
      try {
        const headers = { authorization: `Bearer ${await edge.token('dave@acme.example')}` }
        const answer = await fetch(`${edge.url}/stream`, { method: 'HEAD', headers })
        assert.equal(answer.status, 200)
        assert.equal(answer.headers.get('content-type'), 'text/event-stream')
        assert.equal(upstream.requests[0]?.method, 'GET')
      } finally {
        await edge.stop()
        await upstream.close()
      }
    })
  })
}
