import { type FastifyInstance, fastify } from 'fastify'
import { type FindMask, serveMasks } from './masks.ts'

export interface AdminRooms {
  /** Undefined while the edge can serve; otherwise what is missing. */
  readonly unready: () => Promise<string | undefined>
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>
  /** A mask that went to an upstream as its digest. */
  readonly mask: FindMask
}

/** The admin listener: health, metrics and masks, never reachable through the public one. */
export function createAdminServer(rooms: AdminRooms): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 })
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const missing = await rooms.unready()
    if (missing === undefined) return reply.send({ status: 'ready' })
    return reply.code(503).header('retry-after', '2').send({ status: 'unready', missing })
  })
  app.get('/metrics', async (_request, reply) => {
    const { type, text } = await rooms.metrics()
    return reply.header('content-type', type).send(text)
  })
  serveMasks(app, rooms.mask)
  return app
}
