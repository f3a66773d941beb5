import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { Admitted } from '../exchange.ts'
import { Form } from './form.ts'
import { emailPage, passwordPage } from './pages/pages.ts'
import { signInWords } from './pages/sign-in-words.ts'
import { safeReturnTarget } from './return-target.ts'
import { type LoginRooms, stamp } from './rooms.ts'

interface View {
  readonly status?: number
  readonly returnTo: string
  readonly email?: string | undefined
  readonly alert?: string | undefined
}

const wrong = 'The e-mail address or the password is not right.'

/** `GET` and `POST /.sallyport/login`: e-mail first, then the password; works without JavaScript. */
export function signInPages(app: FastifyInstance, rooms: LoginRooms): void {
  app.get('/.sallyport/login', (request, reply) => {
    const query = new URLSearchParams(request.raw.url?.split('?')[1] ?? '')
    return show(request, reply, rooms, { returnTo: safeReturnTarget(query.get('return') ?? undefined) })
  })
  app.post('/.sallyport/login', (request, reply) => post(request, reply, rooms))
}

function show(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms, view: View): FastifyReply {
  const { seed, setCookie } = rooms.csrf.seed(rooms.admitted(request).headers)
  if (setCookie !== undefined) reply.header('set-cookie', setCookie)
  const form = { csrf: rooms.csrf.token(seed), returnTo: view.returnTo, alert: view.alert }
  const page = view.email === undefined ? emailPage(form) : passwordPage({ ...form, email: view.email })
  return rooms.sendPage(reply, view.status ?? 200, page)
}

async function post(request: FastifyRequest, reply: FastifyReply, rooms: LoginRooms): Promise<FastifyReply> {
  const admitted = rooms.admitted(request)
  const form = new Form(request.body)
  const returnTo = safeReturnTarget(form.text('return', 2048))
  if (!rooms.csrf.holds(admitted.headers, form.text('csrf', 128))) {
    const alert = 'This page had been open for too long. Please try again.'
    return show(request, reply, rooms, { status: 400, returnTo, alert })
  }
  const email = form.text('email', 254)?.trim()
  if (email === undefined || email === '') {
    return show(request, reply, rooms, { status: 400, returnTo, alert: 'Please enter your e-mail address.' })
  }
  const password = form.text('password', 512)
  if (password === undefined) return show(request, reply, rooms, { returnTo, email })
  try {
    return await signIn(admitted, reply, rooms, { email, password, returnTo })
  } catch (error) {
    if (!(error instanceof ProxyError) || !isAnswered(error)) throw error
    noteFailure(admitted, rooms, error)
    if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter))
    return show(request, reply, rooms, { status: error.status, returnTo, email, alert: alertFor(error) })
  }
}

async function signIn(
  admitted: Admitted,
  reply: FastifyReply,
  rooms: LoginRooms,
  input: { readonly email: string; readonly password: string; readonly returnTo: string },
): Promise<FastifyReply> {
  await rooms.countSignIn(admitted)
  const signedIn = await rooms.signIn.verify({ ...input, address: admitted.client })
  const policy = await rooms.signIn.enter(signedIn, undefined, 'password')
  const userAgent = admitted.headers.all('user-agent')[0] ?? ''
  const { account, tenant } = policy
  rooms.record({
    event: 'login.succeeded',
    outcome: 'success',
    ...stamp(admitted),
    account: account.id,
    tenant: tenant.id,
    reason: 'password',
  })
  await endPrevious(admitted, rooms)
  const { handle } = await rooms.sessions.start(policy, { method: 'password', address: admitted.client, userAgent })
  rooms.loginOutcome('success')
  return reply
    .headers({ 'set-cookie': rooms.sessions.cookie(handle), 'cache-control': 'no-store' })
    .redirect(input.returnTo, 303)
}

/** A session the browser still shows ends with the new sign-in; one that cannot be read is no reason to refuse it. */
async function endPrevious(admitted: Admitted, rooms: LoginRooms): Promise<void> {
  let previous: string | undefined
  try {
    previous = rooms.sessions.handleOf(admitted.headers)
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
  }
  if (previous !== undefined) await rooms.sessions.end(previous)
}

function isAnswered(error: ProxyError): boolean {
  return answered.has(error.code)
}

const answered: ReadonlySet<string> = new Set([
  'ERR_SIGN_IN_REFUSED',
  'ERR_LIMIT_EXCEEDED',
  'ERR_SIGN_IN_BUSY',
  'ERR_TENANT_FORBIDDEN',
  'ERR_TENANT_DEMANDS',
])

function alertFor(error: ProxyError): string {
  if (error.code === 'ERR_LIMIT_EXCEEDED') return 'Too many attempts. Please wait a few minutes and try again.'
  if (error.code === 'ERR_SIGN_IN_BUSY') return 'Many people are signing in right now. Please try again in a moment.'
  // The password was right, or nobody would be told.
  if (error.code === 'ERR_TENANT_DEMANDS')
    return `Your company asks for another way to sign in: ${signInWords(error.signIn)}.`
  return wrong
}

/** Into audit and metrics; what was typed goes nowhere. */
export function noteFailure(admitted: Admitted, rooms: LoginRooms, error: ProxyError): void {
  rooms.loginOutcome(error.code === 'ERR_SIGN_IN_REFUSED' ? 'failure' : 'refused')
  rooms.record({
    event: 'login.failed',
    outcome: 'failure',
    ...stamp(admitted),
    reason: `${error.code}: ${error.message}`,
  })
}
