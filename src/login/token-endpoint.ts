import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Policy } from '../accounts/account-store.ts'
import { ProxyError } from '../errors.ts'
import type { Admitted } from '../exchange.ts'
import type { SignInMethod } from '../lib/sign-in-method.ts'
import { Form } from './form.ts'
import { type LoginRooms, stamp } from './rooms.ts'
import { noteFailure } from './sign-in-pages.ts'

/** `POST /.sallyport/token`, `/refresh`, `/revoke`, and the keys of the assertion. */
export function tokenEndpoint(app: FastifyInstance, rooms: LoginRooms): void {
  app.post('/.sallyport/token', (request, reply) => issue(request, reply, rooms))
  app.post('/.sallyport/token/refresh', (request, reply) => refresh(request, reply, rooms))
  app.post('/.sallyport/token/revoke', (request, reply) => revoke(request, reply, rooms))
  app.get('/.sallyport/jwks.json', (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=60')
      .header('content-type', 'application/jwk-set+json')
      .send(JSON.stringify(rooms.jwks())),
  )
}

async function issue(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const admitted = begin(request, rooms)
  const form = new Form(request.body)
  await rooms.countSignIn(admitted)
  try {
    const { policy, method, key } = await prove(admitted, form, rooms)
    const tokens = await rooms.tokens.issue(policy, method, key)
    rooms.record({
      event: 'token.issued',
      outcome: 'success',
      ...stamp(admitted),
      account: policy.account.id,
      tenant: policy.tenant.id,
      detail: { sid: tokens.sid },
    })
    rooms.loginOutcome('success')
    return reply.header('cache-control', 'no-store').send(tokens)
  } catch (error) {
    if (error instanceof ProxyError && error.status < 500) noteFailure(admitted, rooms, error)
    throw error
  }
}

/** A foreign page could make its visitor's browser fail here until the visitor is banned: only our own pages may. */
function begin(request: FastifyRequest, rooms: LoginRooms): Admitted {
  const admitted = rooms.admitted(request)
  const { headers } = admitted
  const byBrowser = headers.all('sec-fetch-site').length + headers.all('origin').length > 0
  if (byBrowser && !rooms.isOwnOrigin(admitted))
    throw new ProxyError('ERR_ORIGIN_FOREIGN', 'token request from another origin')
  return admitted
}

interface Proof {
  readonly policy: Policy
  readonly method: SignInMethod
  readonly key?: { readonly id: string; readonly expiresAt: number }
}

async function prove(admitted: Admitted, form: Form, rooms: LoginRooms): Promise<Proof> {
  const key = form.text('api_key', 128)
  if (key !== undefined) {
    const { policy, sid, expiresAt } = await rooms.byApiKey(key)
    return { policy, method: 'key', key: { id: sid, expiresAt } }
  }
  const email = form.required('email', 254)
  const signedIn = await rooms.signIn.verify({
    email,
    password: form.required('password', 512),
    address: admitted.client,
  })
  const wanted = form.text('tenant', 64)
  if (wanted === undefined && signedIn.memberships.length > 1) {
    throw new ProxyError('ERR_TENANT_REQUIRED', 'the account has several tenants: name one')
  }
  return { policy: await rooms.signIn.enter(signedIn, wanted, 'password'), method: 'password' }
}

async function refresh(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const admitted = begin(request, rooms)
  await rooms.countSignIn(admitted)
  try {
    const { policy, tokens } = await rooms.tokens.refresh(new Form(request.body).required('refresh_token', 128))
    const facts = { account: policy.account.id, tenant: policy.tenant.id, detail: { sid: tokens.sid, refreshed: true } }
    rooms.record({ event: 'token.issued', outcome: 'success', ...stamp(admitted), ...facts })
    return reply.header('cache-control', 'no-store').send(tokens)
  } catch (error) {
    if (error instanceof ProxyError && error.status < 500) {
      rooms.record({
        event: 'token.refused',
        outcome: 'failure',
        ...stamp(admitted),
        reason: `${error.code}: ${error.message}`,
      })
    }
    throw error
  }
}

async function revoke(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const admitted = begin(request, rooms)
  await rooms.countSignIn(admitted)
  const ended = await rooms.tokens.revoke(new Form(request.body).required('token', 4096))
  if (ended !== undefined) {
    rooms.record({
      event: 'token.revoked',
      outcome: 'success',
      ...stamp(admitted),
      account: ended.account,
      tenant: ended.tenant,
    })
  }
  return reply.header('cache-control', 'no-store').code(204).send()
}
