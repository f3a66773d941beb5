import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { Admitted, Principal } from '../exchange.ts'
import { meetsDemand } from '../lib/sign-in-method.ts'
import { demands } from '../stages/authenticate/demands.ts'
import { Form } from './form.ts'
import { accountPage } from './pages/pages.ts'
import { safeReturnTarget } from './return-target.ts'
import { type LoginRooms, stamp } from './rooms.ts'

/** The last moment a Date can name; an API key without an end is after it. */
const maxTime = 8.64e15

/** Who am I, switching the tenant, signing out. */
export function accountPages(app: FastifyInstance, rooms: LoginRooms): void {
  app.get('/.sallyport/session', async (request, reply) => {
    const principal = await requirePrincipal(rooms, rooms.admitted(request))
    return reply.header('cache-control', 'no-store').send(describe(principal))
  })
  app.get('/.sallyport/', (request, reply) => showAccount(request, reply, rooms))
  app.post('/.sallyport/tenant', (request, reply) => switchTenant(request, reply, rooms))
  app.post('/.sallyport/logout', (request, reply) => logout(request, reply, rooms))
}

async function requirePrincipal(rooms: LoginRooms, admitted: Admitted): Promise<Principal> {
  const principal = await rooms.whoIs(admitted)
  if (principal !== undefined) return principal
  throw new ProxyError('ERR_CREDENTIAL_MISSING', 'sign-in is required')
}

function describe(principal: Principal) {
  const { account, tenant, membership, groups } = principal.policy
  return {
    account: account.id,
    email: account.email,
    name: account.name,
    tenant: tenant.id,
    roles: membership.roles,
    groups,
    proof: principal.proof,
    method: principal.method ?? null,
    expires: principal.expiresAt > maxTime ? null : new Date(principal.expiresAt).toISOString(),
  }
}

async function showAccount(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const admitted = rooms.admitted(request)
  const principal = await requirePrincipal(rooms, admitted)
  const handle = rooms.sessions.handleOf(admitted.headers)
  if (handle === undefined) throw new ProxyError('ERR_CREDENTIAL_MISSING', 'the page is for browser sessions')
  const memberships = await rooms.store.membershipsOf(principal.policy.account.id)
  const policies = await Promise.all(
    memberships.map(async ({ tenant }) => rooms.policies.policy(tenant, principal.policy.account.id)),
  )
  const names = policies.flatMap((policy) => (policy === undefined ? [] : [policy.tenant]))
  names.sort((a, b) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1))
  const page = accountPage(principal, names, { csrf: rooms.csrf.token(handle), returnTo: '/' })
  return rooms.sendPage(reply, 200, page)
}

async function switchTenant(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const { admitted, form, handle } = sessionForm(request, rooms)
  const principal = await requirePrincipal(rooms, admitted)
  const record = await rooms.sessions.find(handle)
  const wanted = form.required('tenant', 64)
  const { account, tenant } = principal.policy
  const policy = await rooms.policies.policy(wanted, account.id)
  if (policy === undefined || record === undefined || !meetsDemand(policy.tenant.signIn, principal.method)) {
    const refusal =
      policy === undefined || record === undefined
        ? new ProxyError('ERR_TENANT_FORBIDDEN', 'no membership in force')
        : demands(policy.tenant)
    const who = { account: account.id, tenant: tenant.id }
    rooms.record({ event: 'access.denied', outcome: 'refused', ...stamp(admitted), ...who, reason: refusal.code })
    throw refusal
  }
  rooms.record({
    event: 'tenant.switched',
    outcome: 'success',
    ...stamp(admitted),
    account: account.id,
    tenant: wanted,
    detail: { from: tenant.id },
  })
  const { method, userAgent, absoluteUntil } = record
  // The account as this session has it: what ends that one by a raised epoch must end the one that comes of it.
  const entered = { ...policy, account }
  const started = await rooms.sessions.start(entered, { method, address: admitted.client, userAgent }, absoluteUntil)
  await rooms.sessions.end(handle)
  return reply
    .headers({ 'set-cookie': rooms.sessions.cookie(started.handle), 'cache-control': 'no-store' })
    .redirect(safeReturnTarget(form.text('return', 2048)), 303)
}

async function logout(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const { admitted, handle } = sessionForm(request, rooms)
  const record = await rooms.sessions.find(handle)
  await rooms.sessions.end(handle)
  if (record !== undefined) {
    rooms.record({
      event: 'logout',
      outcome: 'success',
      ...stamp(admitted),
      account: record.account,
      tenant: record.tenant,
    })
  }
  return reply
    .headers({ 'set-cookie': rooms.sessions.clearedCookie(), 'cache-control': 'no-store' })
    .redirect('/.sallyport/login', 303)
}

/** A form that changes a session must come from a page made for that session. */
function sessionForm(request: FastifyRequest, rooms: LoginRooms) {
  const admitted = rooms.admitted(request)
  const form = new Form(request.body)
  const handle = rooms.sessions.handleOf(admitted.headers)
  if (handle === undefined) throw new ProxyError('ERR_CREDENTIAL_MISSING', 'no session to act on')
  rooms.csrf.require(handle, form.text('csrf', 128))
  return { admitted, form, handle }
}
