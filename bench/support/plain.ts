/** The smallest program with @fastify/http-proxy: what a user would write by hand. `node plain.ts UPSTREAM` */
import httpProxy from '@fastify/http-proxy'
import { fastify } from 'fastify'

const app = fastify({ logger: false })
await app.register(httpProxy, { upstream: process.argv[2] ?? '' })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port) })}\n`)
process.once('SIGTERM', () => process.exit(0))
