import type { FastifyInstance } from 'fastify'

/** Finds a mask by its SHA-256 (base64url). */
export type FindMask = (name: string) => string | undefined

const name = /^[A-Za-z0-9_-]{43}$/
// Octets, since neither media type has a charset.
const notFound = Buffer.from(JSON.stringify({ status: 404, title: 'Not Found' }))

/** `GET /api/v1/masks/{digest}`: what an upstream was told the digest of, because it was too large for a header. */
export function serveMasks(app: FastifyInstance, find: FindMask): void {
  app.get<{ Params: { digest: string } }>('/api/v1/masks/:digest', (request, reply) => {
    const { digest } = request.params
    const mask = name.test(digest) ? find(digest) : undefined
    if (mask === undefined) return reply.code(404).type('application/problem+json').send(notFound)
    // Another text would have another name.
    reply.header('cache-control', 'private, max-age=3600, immutable').type('application/json')
    return reply.send(Buffer.from(mask))
  })
}
