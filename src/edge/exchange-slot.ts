import type { FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import type { OwnRequest } from '../pipeline.ts'

/** What the one hook found out about a request; the handlers read it here and nowhere else. */
const decided = Symbol('decided')

interface Slot {
  [decided]?: Masked
}

function slotOf(request: object): Slot {
  return request
}

const own = new WeakMap<FastifyRequest, OwnRequest>()

export function keepDecision(request: FastifyRequest, masked: Masked): void {
  slotOf(request)[decided] = masked
}

/** Throws where the hook has not run: there is no way past it. */
export function decisionOf(request: FastifyRequest): Masked {
  const masked = slotOf(request)[decided]
  if (masked === undefined) throw new ProxyError('ERR_INTERNAL', 'request reached a handler without a decision')
  return masked
}

export function knownDecision(request: FastifyRequest): Masked | undefined {
  return slotOf(request)[decided]
}

export function keepOwn(request: FastifyRequest, admitted: OwnRequest): void {
  own.set(request, admitted)
}

export function ownOf(request: FastifyRequest): OwnRequest {
  const admitted = own.get(request)
  if (admitted === undefined) throw new ProxyError('ERR_INTERNAL', 'page reached without admission')
  return admitted
}
