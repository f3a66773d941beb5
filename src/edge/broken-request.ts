import { randomUUID } from 'node:crypto'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, ProxyError } from '../errors.ts'
import type { Observer } from './observer.ts'
import { problemOf } from './refusal.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'ERR_HEADER_COUNT',
  ERR_HTTP_REQUEST_TIMEOUT: 'ERR_REQUEST_TIMEOUT',
  CONNECT: 'ERR_METHOD_UNSUPPORTED',
}

/** The answers each connection still owes. */
const owed = new WeakMap<Socket, Set<ServerResponse>>()

/** Has to be called before the server takes its first request. */
export function followAnswers(server: Server): void {
  server.on('request', (request, response) => {
    const answers = owed.get(request.socket) ?? new Set()
    owed.set(request.socket, answers.add(response))
    response.once('close', () => answers.delete(response))
  })
}

/** A second answer in the middle of the first would pass for a part of it. */
function isAnswering(socket: Socket): boolean {
  return [...(owed.get(socket) ?? [])].some((response) => response.headersSent)
}

/** What Node's parser could not read never becomes a request: it is answered on the socket, and the socket ends. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, observer: Observer): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed || isAnswering(socket)) {
    socket.destroy()
    return
  }
  const known = Object.hasOwn(codes, error.code ?? '') ? codes[error.code ?? ''] : undefined
  const refusal = new ProxyError(known ?? 'ERR_REQUEST_MALFORMED', error.code ?? 'unreadable request')
  const id = randomUUID()
  observer.refusedUnread(id, socket.remoteAddress, refusal)
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
