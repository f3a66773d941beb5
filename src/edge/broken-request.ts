import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { type ErrorCode, ProxyError } from '../errors.ts'
import type { Observer } from './observer.ts'
import { problemOf } from './refusal.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'ERR_HEADER_COUNT',
  ERR_HTTP_REQUEST_TIMEOUT: 'ERR_REQUEST_TIMEOUT',
}

/** What Node's parser could not read never becomes a request: it is answered on the socket, and the socket ends. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, observer: Observer): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy()
    return
  }
  const known = Object.hasOwn(codes, error.code ?? '') ? codes[error.code ?? ''] : undefined
  const refusal = new ProxyError(known ?? 'ERR_REQUEST_MALFORMED', error.code ?? 'unreadable request')
  const id = randomUUID()
  observer.metrics.refused(refusal.code)
  observer.tell({
    event: 'request.refused',
    outcome: 'refused',
    request: id,
    ...(socket.remoteAddress === undefined ? {} : { address: socket.remoteAddress }),
    reason: `${refusal.code}: ${refusal.message}`,
  })
  const body = JSON.stringify(problemOf(refusal, id))
  const head = [
    `HTTP/1.1 ${refusal.status} ${refusal.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
