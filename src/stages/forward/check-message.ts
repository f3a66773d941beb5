import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { checkWritten } from './check-body.ts'
import { parseJsonBody } from './json-body.ts'

/**
 * Holds a message that a client sends over a WebSocket to the caller's mask, as a written body is: one JSON text with
 * single keys, and every row in it inside the mask. It is forwarded as it came.
 */
export function checkMessage(masked: Masked, message: Uint8Array, binary: boolean): void {
  const client = masked.route.rows?.rows.frames?.client ?? []
  if (client.length === 0) throw new ProxyError('ERR_BODY_UNEXPECTED', 'the route lets clients say nothing')
  if (binary) throw new ProxyError('ERR_BODY_TYPE', 'a binary message')
  checkWritten(masked, parseJsonBody(message), client)
}
