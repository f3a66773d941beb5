import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers, type Child, findProgram, freePort, pinned, startChild } from './child.ts'

export interface Peer extends Child {
  readonly url: string
}

const rows = Array.from({ length: 10 }, (_, at) => ({
  id: at + 1,
  account: 'acme',
  entity: at % 2 === 0 ? 'A' : 'B',
  amount: at * 100 + 0.5,
  margin: at,
  meta: { owner: at % 2 === 0 ? 'ann' : 'dave' },
}))
const plain = { message: 'x'.repeat(1000) }

/**
 * The upstream of everybody: about 1 KB of JSON, ten rows of about 1 KB together, and under `/large` the file of that
 * name in `folder`, over kept connections.
 */
export async function startNginx(folder: string): Promise<Peer> {
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  const spool = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, `nginx-${name}`)};`)
    .join(' ')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 2048; }
http {
  access_log off; default_type application/json; keepalive_requests 1000000000; keepalive_timeout 300s; ${spool}
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / { return 200 '${JSON.stringify(plain)}'; }
    location = /orders { return 200 '${JSON.stringify(rows)}'; }
    location = /large { alias ${join(folder, 'large')}; }
  }
}
`,
  )
  const url = `http://127.0.0.1:${port}`
  const command = pinned(1, [findProgram('nginx') ?? 'nginx', '-p', folder, '-e', 'stderr', '-c', file])
  return { ...(await startChild(command, () => answers(url))), url }
}

const jwtSecret = 'a secret of the bench that guards nothing'

/** HAProxy before `upstream`; with `jwt` it verifies a bearer token (HS256) and tells the upstream who asks. */
export async function startHaproxy(folder: string, upstream: string, jwt: boolean): Promise<Peer> {
  const port = await freePort()
  const file = join(folder, `haproxy-${jwt ? 'jwt' : 'plain'}.cfg`)
  const rules = `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str HS256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${jwtSecret}") 1 }
  http-request set-header x-account %[var(txn.bearer),jwt_payload_query('$.sub')]
  http-request set-header x-tenant %[var(txn.bearer),jwt_payload_query('$.tenant')]
  http-request del-header authorization`
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
frontend edge
  bind 127.0.0.1:${port}${jwt ? rules : ''}
  default_backend app
backend app
  server nginx ${new URL(upstream).host}
`,
  )
  const url = `http://127.0.0.1:${port}`
  const command = pinned(0, [findProgram('haproxy') ?? 'haproxy', '-db', '-q', '-f', file])
  return { ...(await startChild(command, () => answers(url))), url }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A token as `startHaproxy` wants it. */
export function haproxyToken(): string {
  const exp = Math.floor(Date.now() / 1000) + 3600
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'id-dave', tenant: 'acme', iss: 'bench', exp })}`
  return `${signed}.${createHmac('sha256', jwtSecret).update(signed).digest('base64url')}`
}

/** One of our own children: a program of this folder that writes its port as its first line. */
export async function startNode(program: string, upstream: string, flags: readonly string[] = []): Promise<Peer> {
  const child = await startChild(pinned(0, [process.execPath, ...flags, join(import.meta.dirname, program), upstream]))
  return { ...child, url: `http://127.0.0.1:${(JSON.parse(child.firstLine) as { port: number }).port}` }
}
