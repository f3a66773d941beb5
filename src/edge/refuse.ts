import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProxyError } from '../errors.ts'
import { pageHeaders } from '../login/pages/layout.ts'
import { problemPage } from '../login/pages/problem-page.ts'
import { problemOf, refusalHeaders } from './refusal.ts'

/** As long as sign-in takes it; in percent-encoding three times that. */
const maxReturnLength = 2048

/** A browser that goes to a page, as opposed to a script that fetches: `Sec-Fetch-Mode`, then `Accept`. */
export function isNavigation(request: FastifyRequest): boolean {
  const mode = request.headers['sec-fetch-mode']
  if (typeof mode === 'string') return mode === 'navigate'
  const accept = request.headers.accept ?? ''
  return accept
    .toLowerCase()
    .split(',')
    .some((range) => range.trim().startsWith('text/html'))
}

/** A target that would make the address of the sign-in page too long to be asked for is not come back to. */
function signInTarget(target: string): string {
  return target.length > maxReturnLength
    ? '/.sallyport/login'
    : `/.sallyport/login?return=${encodeURIComponent(target)}`
}

/** Sends a refusal: sign-in for a browser that has none, a page for a browser, a problem document for everyone else. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, error: ProxyError): FastifyReply {
  const navigation = isNavigation(request)
  if (error.status === 401 && navigation && (request.method === 'GET' || request.method === 'HEAD')) {
    return reply.headers({ 'cache-control': 'no-store' }).redirect(signInTarget(request.raw.url ?? '/'), 302)
  }
  const problem = problemOf(error, request.id)
  reply.code(error.status).headers(refusalHeaders(error))
  if (navigation)
    return reply
      .headers({ ...pageHeaders, ...refusalHeaders(error) })
      .send(problemPage({ ...problem, signIn: error.signIn }))
  // Bytes, since Fastify gives a text a charset, which JSON has not (RFC 8259 section 11).
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(problem)))
}
