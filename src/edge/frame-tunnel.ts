import type { IncomingMessage, Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import { FrameLink } from './frame-link.ts'
import type { Observer } from './observer.ts'
import { type Chosen, chosenToReadOf, clientSide, upstreamSide } from './upgrade.ts'

/** RFC 6455 section 7.4.1. */
const goingAway = 1001

/** WebSockets on masked rows, message by message; `@fastify/http-proxy` could not change one. */
export class FrameTunnels {
  readonly #server = new WebSocketServer({ ...clientSide, noServer: true, skipUTF8Validation: false })
  readonly #observer: Observer
  /** What came in one packet with the handshake; Node tells nobody but the listeners of `upgrade`. */
  readonly #early = new WeakMap<IncomingMessage, Buffer>()

  constructor(server: Server, observer: Observer) {
    this.#observer = observer
    server.prependListener('upgrade', (request, _socket, head: Buffer) => this.#early.set(request, head))
  }

  /** Takes over a handshake that `prepareUpgrade` let through. */
  open(request: FastifyRequest, reply: FastifyReply, masked: Masked): void {
    const { raw } = request
    const way = chosenToReadOf(request)
    const early = this.#early.get(raw)
    if (early === undefined) throw new ProxyError('ERR_INTERNAL', 'a handshake that nobody listened to')
    reply.hijack()
    this.#server.handleUpgrade(raw, raw.socket, early, (client) => {
      // What it says before the upstream has answered stays in its socket, not in our memory.
      client.pause()
      new FrameLink(client, callUpstream(way, client.protocol), masked, this.#observer).start()
    })
  }

  /** Says goodbye to every client; their links end with them. */
  close(): void {
    this.#server.close()
    for (const client of this.#server.clients) {
      client.resume()
      client.close(goingAway)
    }
  }
}

function callUpstream({ origin, headers, path }: Chosen, protocol: string): WebSocket {
  return new WebSocket(origin, protocol === '' ? [] : [protocol], {
    ...upstreamSide,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is called with the options of this request, and reads three
    createConnection: upstreamSide.createConnection as unknown as NonNullable<ClientOptions['createConnection']>,
    headers,
    skipUTF8Validation: false,
    finishRequest: (request) => {
      // The target as it was matched, past whatever a URL would make of it.
      request.path = path
      request.end()
    },
  })
}
