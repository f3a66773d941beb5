import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import { type DemoOrder, readDemoData } from './demo-config.ts'
import { asEvent, asMessage, legacyAnswer, ordersQuery } from './legacy-answers.ts'
import type { SampleApp } from './sample-app.ts'

const host = '127.0.0.1'
/** Between two changes of an order, as streams tell them. */
const pauseMs = 1_000

/**
 * The second sample app: the same orders in every format that an old system may speak. It knows nothing of companies or
 * of people, and shows every row to anybody.
 */
export async function startLegacyShop(): Promise<SampleApp> {
  const { orders } = await readDemoData()
  const server = createServer((request, response) => {
    answer(request, response, orders).catch(() => response.destroy())
  })
  const feed = new WebSocketServer({ server, path: '/legacy/feed', perMessageDeflate: false })
  feed.on('connection', (client) => {
    client.send(asMessage(orders))
    const stop = everySecond(orders, (order) => client.send(asMessage([order])))
    client.on('close', stop)
    client.on('error', () => client.terminate())
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a server on a port')
  return {
    url: `http://${host}:${address.port}`,
    async stop() {
      for (const client of feed.clients) client.terminate()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, orders: readonly DemoOrder[]): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '/'
  const found = legacyAnswer(path, orders)
  if (found === undefined) return say(response, 404, 'text/plain', 'Not found\n')
  if (path === '/legacy/graphql' && (await queryOf(request)) !== ordersQuery)
    return say(response, 400, 'application/json', '{"errors":[{"message":"no such query"}]}')
  if (path !== '/legacy/events') return say(response, 200, found.type, found.body)
  response.writeHead(200, { 'content-type': found.type }).write(found.body)
  response.once(
    'close',
    everySecond(orders, (order) => response.write(asEvent(order))),
  )
}

function say(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

async function queryOf(request: IncomingMessage): Promise<unknown> {
  const body: unknown = request.method === 'POST' ? JSON.parse(await text(request)) : undefined
  return typeof body === 'object' && body !== null && 'query' in body ? body.query : undefined
}

/** Tells of one order after the other, round and round; the function that ends it. */
function everySecond(orders: readonly DemoOrder[], tell: (order: DemoOrder) => void): () => void {
  let turn = 0
  const timer = setInterval(() => {
    const order = orders[turn++ % orders.length]
    if (order !== undefined) tell(order)
  }, pauseMs)
  return () => clearInterval(timer)
}
