import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Answer,
  auditLines,
  Browser,
  form,
  issue,
  openBench,
  postJson,
  type SignInBench,
  send,
  toldAbout,
} from '../login/support.ts'
import { answerBytes } from '../support/echo-upstream.ts'
import { password } from '../support/edge.ts'

const login = '/.sallyport/login'
const session = '/.sallyport/session'

const hostile = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '/\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/a/..//evil.example',
  '/.//evil.example',
  '/%2e%2e//evil.example',
  '//user@evil.example/',
  'https://evil.example/',
  'HTTPS:evil.example',
  'http:evil.example',
  '@evil.example',
  'evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '%2f%2fevil.example',
  '/\u00a0/evil.example',
  '/\u3002evil.example',
  '/x\r\nset-cookie: a=b',
  '/.sallyport/login',
  '/.Sallyport/logout',
  '/%2esallyport/login',
  `/${'a'.repeat(3000)}`,
]

async function whoAmI(browser: Browser): Promise<unknown> {
  return (await browser.get(session, { accept: 'application/json' })).json['email']
}

/** What a stranger can tell two answers apart by. */
function traits(answer: Answer) {
  const { date, ...headers } = answer.headers
  const text = answer.text.replaceAll(/"request":"[^"]+"/g, '').replaceAll(/value="[^"]*"/g, '')
  assert.ok(date)
  return { status: answer.status, headers, text }
}

describe('sign-in under attack', () => {
  let bench: SignInBench
  let ports: { port: number }

  before(async () => {
    bench = await openBench()
    ports = bench.edge
  })
  after(() => bench.close())

  /** The rows the recorder answers with, of both companies. */
  function answerRows(): void {
    const rows = [
      { id: 1, account: 'acme' },
      { id: 2, account: 'globex' },
    ]
    bench.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'application/json']], JSON.stringify(rows)))
    })
  }

  it('comes back to a path of ours, whatever the return target says', async () => {
    const browser = new Browser(ports)
    const csrf = await browser.formToken()
    for (const target of hostile) {
      const page = await browser.get(`${login}?return=${encodeURIComponent(target)}`)
      assert.match(page.text, /name="return" value="\/"/, JSON.stringify(target))
    }
    const fields = { csrf, email: 'ann@acme.example', password }
    for (const [target, expected] of [
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['/orders?x=%2F%2Fevil.example', '/orders?x=%2F%2Fevil.example'],
      ['/@evil.example', '/@evil.example'],
      ['/.sallyport/', '/.sallyport/'],
    ]) {
      const answer = await browser.post(login, { ...fields, return: target ?? '' })
      assert.equal(answer.status, 303)
      assert.equal(answer.headers.location, expected)
    }
  })

  it('sends a browser to sign-in and back, and everyone else a problem', async () => {
    const navigation = { 'sec-fetch-mode': 'navigate' }
    const browser = await send(ports.port, '/app/a?b=c', { headers: navigation })
    assert.equal(browser.status, 302)
    assert.equal(browser.headers.location, `${login}?return=%2Fapp%2Fa%3Fb%3Dc`)
    const long = await send(ports.port, `/app/${'a'.repeat(4000)}`, { headers: navigation })
    assert.equal(long.headers.location, login)
    const script = await send(ports.port, '/app/a', { headers: { 'sec-fetch-mode': 'cors', accept: 'text/html' } })
    assert.equal(script.status, 401)
    assert.equal(script.headers['www-authenticate'], 'Bearer realm="sallyport"')
  })

  it('makes a new session at sign-in and at a switch of company, and ends the one before', async () => {
    const planted = 'A'.repeat(43)
    const browser = new Browser(ports)
    browser.cookies.set('sallyport', planted)
    assert.equal((await browser.signIn('carol@consult.example')).status, 303)
    const first = browser.cookies.get('sallyport')
    assert.notEqual(first, planted)
    await browser.signIn('carol@consult.example')
    const second = browser.cookies.get('sallyport')
    assert.notEqual(second, first)
    const account = await browser.get('/.sallyport/')
    const csrf = /name="csrf" value="([^"]+)"/.exec(account.text)?.[1] ?? ''
    assert.equal((await browser.post('/.sallyport/tenant', { csrf, tenant: 'globex' })).status, 303)
    const third = browser.cookies.get('sallyport')
    assert.notEqual(third, second)
    for (const [handle, status] of [
      [planted, 401],
      [first, 401],
      [second, 401],
      [third, 200],
    ] as const) {
      assert.equal((await send(ports.port, session, { headers: { cookie: `sallyport=${handle}` } })).status, status)
    }
  })

  it('shows a consultant the rows of the company they switched to, and no other', async () => {
    answerRows()
    const browser = new Browser(ports)
    await browser.signIn('carol@consult.example')
    const rows = async () => JSON.parse((await browser.get('/orders')).text) as { account: string }[]
    assert.deepEqual(await rows(), [{ id: 1, account: 'acme' }])
    const csrf = await browser.formToken('/.sallyport/')
    await browser.post('/.sallyport/tenant', { csrf, tenant: 'globex' })
    assert.deepEqual(await rows(), [{ id: 2, account: 'globex' }])
    assert.ok(auditLines(bench.edge).some((line) => line.event === 'tenant.switched' && line['tenant'] === 'globex'))
  })

  it('refuses a switch to a company one is no member of', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    const csrf = await browser.formToken('/.sallyport/')
    for (const tenant of ['globex', 'nowhere', "a' or 1=1"]) {
      assert.equal((await browser.post('/.sallyport/tenant', { csrf, tenant })).status, 403)
    }
    assert.equal((await browser.get(session)).json['tenant'], 'acme')
  })

  it('never gives one of many parallel sign-ins the account of another, and says busy when it is', async () => {
    const emails = ['ann@acme.example', 'dave@acme.example', 'bob@globex.example', 'nobody@acme.example']
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const email = emails[i % emails.length] ?? ''
        return { email, answer: await issue(bench.edge, email) }
      }),
    )
    const statuses = answers.map(({ answer }) => answer.status)
    assert.deepEqual(new Set(statuses), new Set([200, 503]))
    assert.ok(statuses.filter((status) => status === 200).length >= 22)
    for (const { email, answer } of answers) {
      if (answer.status === 503) {
        assert.equal(answer.json['code'], 'ERR_SIGN_IN_BUSY')
        assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/)
        continue
      }
      const bearer = { authorization: `Bearer ${String(answer.json['access_token'])}` }
      assert.equal((await send(ports.port, session, { headers: bearer })).json['email'], email)
    }
  })

  it('never gives one of many parallel browsers the session of another', async () => {
    const emails = ['ann@acme.example', 'dave@acme.example', 'bob@globex.example', 'carol@consult.example']
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const email = emails[i % emails.length] ?? ''
        const browser = new Browser(ports)
        assert.equal((await browser.signIn(email)).status, 303)
        assert.equal(await whoAmI(browser), email)
      }),
    )
  })

  it('refuses two session cookies, in one field or in two, and takes one', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    const good = `sallyport=${browser.cookies.get('sallyport') ?? ''}`
    const planted = `sallyport=${'A'.repeat(43)}`
    assert.equal((await send(ports.port, session, { headers: { cookie: good } })).status, 200)
    for (const cookie of [`${good}; ${planted}`, `${planted}; ${good}`, `${good}; ${good}`, `${good};sallyport=`]) {
      const answer = await send(ports.port, session, { headers: { cookie } })
      assert.equal(answer.status, 401)
      assert.equal(answer.json['code'], 'ERR_CREDENTIAL_AMBIGUOUS')
    }
    assert.equal(
      (await send(ports.port, session, { headers: { cookie: `Sallyport=x; other=1; ${good}` } })).status,
      200,
    )
  })

  it('refuses a cookie and a bearer token in one request, on our pages too', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    const authorization = `Bearer ${await bench.edge.token('bob@globex.example')}`
    for (const path of [session, '/app/x']) {
      const answer = await browser.get(path, { authorization, accept: 'application/json' })
      assert.equal(answer.status, 401)
      assert.equal(answer.json['code'], 'ERR_CREDENTIAL_AMBIGUOUS')
    }
  })

  it('keeps our cookies from the upstream, and the upstream from setting them', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    bench.upstream.requests.length = 0
    bench.upstream.respond((_request, socket) => {
      const cookies = ['sallyport=planted; Path=/', '=sallyport=planted', 'SALLYPORT-form=x', 'theirs=1'].map(
        (line) => ['Set-Cookie', line] as const,
      )
      socket.write(answerBytes(200, cookies, 'ok'))
    })
    const handle = browser.cookies.get('sallyport')
    browser.cookies.set('theirs', '0')
    const answer = await browser.get('/app/x')
    assert.deepEqual(answer.cookies, ['theirs=1'])
    assert.deepEqual(bench.upstream.requests[0]?.values('cookie'), ['theirs=0'])
    assert.ok(!JSON.stringify(bench.upstream.requests).includes(String(handle)))
    answerRows()
  })

  it('lets a cookie vouch for an unsafe method only from our own origin', async () => {
    answerRows()
    const browser = new Browser(ports)
    await browser.signIn('dave@acme.example')
    const own = `http://127.0.0.1:${ports.port}`
    const refused: Record<string, string>[] = [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { origin: own, 'sec-fetch-site': 'cross-site' },
      { origin: own, 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'none' },
      { origin: `http://127.0.0.1:1`, 'sec-fetch-site': 'same-origin' },
      { origin: own.replace('http:', 'https:'), 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of refused) {
      const answer = await browser.post('/app/x', { a: 'b' }, headers)
      assert.equal(answer.status, 403, JSON.stringify(headers))
      assert.match(answer.text, /ERR_ORIGIN_FOREIGN/)
    }
    const cookie = `sallyport=${browser.cookies.get('sallyport') ?? ''}`
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal((await send(ports.port, '/app/x', { method, headers: { cookie } })).status, 403, method)
      assert.equal((await send(ports.port, '/app/x', { method, headers: { cookie, origin: own } })).status, 200, method)
    }
    // A page under `no-referrer` posts to itself like this.
    const strict = { origin: 'null', 'sec-fetch-site': 'same-origin' }
    assert.equal((await browser.post('/app/x', { a: 'b' }, strict)).status, 200)
  })

  it('takes no form that a page of ours was not given for', async () => {
    const browser = new Browser(ports)
    const csrf = await browser.formToken()
    const other = await new Browser(ports).formToken()
    const fields = { email: 'ann@acme.example', password }
    for (const token of ['', 'x', other, `${csrf}x`]) {
      const answer = await browser.post(login, { ...fields, csrf: token })
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.cookies, [])
    }
    assert.equal((await browser.post(login, { ...fields, csrf })).status, 303)
    for (const path of ['/.sallyport/logout', '/.sallyport/tenant']) {
      assert.equal((await browser.post(path, { csrf, tenant: 'acme' })).status, 403)
    }
    assert.equal((await browser.get(session)).status, 200)
  })

  it('ends the session at sign-out, on the server and in the browser', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    const handle = browser.cookies.get('sallyport') ?? ''
    const csrf = await browser.formToken('/.sallyport/')
    const answer = await browser.post('/.sallyport/logout', { csrf })
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.location, login)
    assert.equal(browser.cookies.has('sallyport'), false)
    const after = await send(ports.port, session, { headers: { cookie: `sallyport=${handle}` } })
    assert.equal(after.json['code'], 'ERR_SESSION_ENDED')
    assert.ok(auditLines(bench.edge).some((line) => line.event === 'logout' && line.account === 'id-ann'))
  })

  it('says who one is, and nothing of the credential', async () => {
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    const answer = await browser.get(session, { accept: 'application/json' })
    const { expires, ...rest } = answer.json
    assert.deepEqual(rest, {
      account: 'id-ann',
      email: 'ann@acme.example',
      name: 'id-ann',
      tenant: 'acme',
      roles: ['viewer'],
      groups: ['entity-a', 'mine'],
      proof: 'session',
      method: 'password',
    })
    assert.ok(Date.parse(String(expires)) > 0)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal((await send(ports.port, session)).status, 401)
  })

  it('takes an address in any spelling it has, and no look-alike', async () => {
    for (const email of ['ANN@ACME.EXAMPLE', ' ann@acme.example ', 'Ann@Acme.Example']) {
      assert.equal((await new Browser(ports).signIn(email)).status, 303, email)
    }
    for (const email of [
      'ann@acme.example@acme.example',
      'аnn@acme.example',
      'ann@acme.example.',
      'ann+x@acme.example',
    ]) {
      assert.equal((await new Browser(ports).signIn(email)).status, 401, email)
    }
  })

  it('reads forms within a bound, of the types it knows', async () => {
    const target = '/.sallyport/token'
    const big = { email: 'ann@acme.example', password: 'x'.repeat(20_000) }
    assert.equal((await send(ports.port, target, postJson(big))).status, 413)
    assert.equal((await send(ports.port, target, form(big))).status, 413)
    const xml = { headers: { 'content-type': 'application/xml' }, body: '<a/>' }
    assert.equal((await send(ports.port, target, xml)).status, 415)
    for (const [type, body] of [
      ['text/plain', '{}'],
      ['application/json', '{'],
      ['application/json', '[]'],
      ['application/json', '"x"'],
      ['application/json', 'null'],
      ['application/json', '{"email":["ann@acme.example"],"password":"x"}'],
      ['application/json', '{"email":"ann@acme.example","password":{"$ne":1}}'],
      ['application/json', '{"__proto__":{"email":"ann@acme.example"},"password":"x"}'],
      ['application/x-www-form-urlencoded', 'email=a&email=b&password=x'],
      ['application/x-www-form-urlencoded', ''],
    ] as const) {
      const answer = await send(ports.port, target, { headers: { 'content-type': type }, body })
      assert.equal(answer.status, 400, `${type} ${body}`)
    }
    assert.equal((await send(ports.port, target, form({ email: 'ann@acme.example', password }))).status, 200)
  })

  it('counts no failure for a token request that a foreign page makes its visitor send', async () => {
    const body = postJson({ email: 'ann@acme.example', password })
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      for (const path of ['/.sallyport/token', '/.sallyport/token/refresh', '/.sallyport/token/revoke']) {
        const answer = await send(ports.port, path, { ...body, headers: { ...body.headers, ...headers } })
        assert.equal(answer.status, 403)
        assert.equal(answer.json['code'], 'ERR_ORIGIN_FOREIGN')
      }
    }
    const own = { ...body.headers, origin: `http://127.0.0.1:${ports.port}`, 'sec-fetch-site': 'same-origin' }
    assert.equal((await send(ports.port, '/.sallyport/token', { ...body, headers: own })).status, 200)
  })

  it('ends every session and token of a disabled account', async () => {
    const { store } = bench.edge
    const browser = new Browser(ports)
    await browser.signIn('bob@globex.example')
    const authorization = `Bearer ${await bench.edge.token('bob@globex.example')}`
    assert.equal((await browser.get(session)).status, 200)
    const account = await store.account('id-bob')
    assert.ok(account !== undefined)
    await store.putAccount({ ...account, state: 'disabled' })
    try {
      await wait(1050) // as long as a copy of what an account may do is used
      assert.equal((await browser.get(session, { accept: 'application/json' })).json['code'], 'ERR_SESSION_ENDED')
      const token = await send(ports.port, '/app/x', { headers: { authorization } })
      assert.equal(token.json['code'], 'ERR_SESSION_ENDED')
    } finally {
      await store.putAccount(account)
      await wait(1050)
    }
  })

  it('writes no password, handle or token into the audit', async () => {
    const secrets: string[] = [password]
    const browser = new Browser(ports)
    await browser.signIn('ann@acme.example')
    await browser.signIn('ann@acme.example', { password: 'a-wrong-password-typed' })
    const tokens = (await issue(bench.edge, 'ann@acme.example')).json
    secrets.push('a-wrong-password-typed', browser.cookies.get('sallyport') ?? '', String(tokens['refresh_token']))
    await send(ports.port, '/app/x?secret=query-secret', { headers: { authorization: 'Bearer eyJ0.abc.def' } })
    const told = JSON.stringify(auditLines(bench.edge))
    for (const secret of [...secrets, 'query-secret', 'eyJ0', 'ann@acme.example']) assert.ok(!told.includes(secret))
  })

  it('keeps its pages from frames and caches', async () => {
    const { headers } = await new Browser(ports).get(login)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.match(headers['content-security-policy'] as string, /frame-ancestors 'none'/)
  })

  it('gives the session cookie on loopback every attribute that plain http allows', async () => {
    const answer = await new Browser(ports).signIn('ann@acme.example')
    const [line = ''] = answer.cookies.filter((each) => each.startsWith('sallyport='))
    assert.match(line, /^sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  it('names no reason to a stranger, and the reason to the audit', async () => {
    const answer = await issue(bench.edge, 'ghost@acme.example')
    assert.deepEqual(Object.keys(answer.json).toSorted(), ['code', 'request', 'status', 'title', 'type'])
    const [event] = toldAbout(bench.edge, answer)
    assert.equal(event?.reason, 'ERR_SIGN_IN_REFUSED: unknown account')
  })
})

describe('guessing', () => {
  let bench: SignInBench

  before(async () => {
    bench = await openBench()
    const { store } = bench.edge
    const bob = await store.account('id-bob')
    assert.ok(bob !== undefined)
    await store.putAccount({ ...bob, state: 'disabled' })
    await store.putAccount({ ...bob, id: 'id-sso', email: 'sso@acme.example' })
  })
  after(() => bench.close())

  const cases: [string, string][] = [
    ['ghost@acme.example', password],
    ['bob@globex.example', password],
    ['bob@globex.example', 'not the password'],
    ['sso@acme.example', password],
    ['dave@acme.example', 'not the password'],
  ]

  it('answers an unknown, a disabled and a passwordless account like a wrong password, up to the lockout', async () => {
    for (let round = 0; round < 7; round += 1) {
      const answers: ReturnType<typeof traits>[] = []
      for (const [email, guess] of cases) {
        // Each from its own source, so that the two of the same account do not share a counter.
        const from = `127.0.1.${answers.length + 1}`
        const sent = { ...postJson({ email, password: guess }), from }
        answers.push(traits(await send(bench.edge.port, '/.sallyport/token', sent)))
      }
      for (const answer of answers) {
        const { 'content-length': length, ...headers } = answer.headers
        assert.ok(length)
        assert.equal(answer.status, round < 5 ? 401 : 429)
        const retry = headers['retry-after']
        assert.equal(retry !== undefined, round >= 5)
        delete headers['retry-after']
        const { 'content-length': _length, 'retry-after': _retry, ...first } = answers[0]?.headers ?? {}
        assert.deepEqual(headers, first)
        assert.equal(answer.text, answers[0]?.text)
      }
    }
  })

  it('answers the same page for them', async () => {
    const pages = await Promise.all(
      cases.map(async ([email, guess], i) => {
        const browser = new Browser(bench.edge, { from: `127.0.2.${i + 1}` })
        const answer = await browser.signIn(email, { password: guess })
        return { status: answer.status, text: traits(answer).text, cookies: answer.cookies }
      }),
    )
    for (const page of pages) assert.deepEqual(page, { ...pages[0], status: 401, cookies: [] })
  })

  it('asks every address for a password, known or not', async () => {
    const pages = await Promise.all(
      ['ann@acme.example', 'ghost@acme.example', 'not an address'].map(async (email) => {
        const browser = new Browser(bench.edge)
        const answer = await browser.post(login, { csrf: await browser.formToken(), email, return: '/' })
        return { status: answer.status, text: traits(answer).text }
      }),
    )
    for (const page of pages) assert.deepEqual(page, { ...pages[0], status: 200 })
  })

  function guessAnn(from: string, guess: string): Promise<Answer> {
    return send(bench.edge.port, '/.sallyport/token', {
      ...postJson({ email: 'ann@acme.example', password: guess }),
      from,
    })
  }

  it('locks out the source that guessed, and not the owner elsewhere', async () => {
    for (let i = 0; i < 5; i += 1) assert.equal((await guessAnn('127.0.3.1', `guess ${i}`)).status, 401)
    const locked = await guessAnn('127.0.3.1', password)
    assert.equal(locked.status, 429)
    assert.match(locked.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    assert.equal((await guessAnn('127.0.3.2', password)).status, 200)
  })

  it('lets no guess through that was sent before the lockout and finishes behind it', async () => {
    const guesses = [...Array.from({ length: 9 }, (_, i) => `guess ${i}`), password]
    const answers = await Promise.all(
      guesses.map((guess, i) =>
        // The right one comes last, while the others are still being hashed.
        wait(guess === password ? 50 : i).then(() =>
          send(bench.edge.port, '/.sallyport/token', {
            ...postJson({ email: 'dave@acme.example', password: guess }),
            from: '127.0.4.1',
          }),
        ),
      ),
    )
    assert.equal(answers.at(-1)?.status, 429)
    assert.ok(answers.filter(({ status }) => status === 401).length < 8)
  })
})

describe('guessing from behind a proxy', () => {
  let bench: SignInBench

  before(async () => {
    const config = {
      listen: { port: 0, trustedProxies: ['127.0.0.1'] },
      bans: { signInFailures: { max: 6, window: '10m', ban: '15m' } },
    }
    bench = await openBench({ config })
  })
  after(() => bench.close())

  function attempt(client: string, email: string, guess: string): Promise<Answer> {
    return send(
      bench.edge.port,
      '/.sallyport/token',
      postJson({ email, password: guess }, { 'x-forwarded-for': client }),
    )
  }

  it('bans the source of too many failures, whatever accounts it tried, and nobody else', async () => {
    for (let i = 0; i < 6; i += 1) {
      assert.equal((await attempt('203.0.113.7', `ghost${i}@acme.example`, 'x')).status, 401)
    }
    const banned = await attempt('203.0.113.7', 'ann@acme.example', password)
    assert.equal(banned.status, 403)
    assert.equal(banned.json['code'], 'ERR_ADDRESS_BANNED')
    const spoofed = await attempt('198.51.100.1, 203.0.113.7', 'ann@acme.example', password)
    assert.equal(spoofed.status, 403)
    assert.equal((await attempt('203.0.113.8', 'ann@acme.example', password)).status, 200)
    const bans = auditLines(bench.edge).filter((line) => line.event === 'ban.added' && line.address?.includes('.'))
    assert.deepEqual(
      bans.map(({ address }) => address),
      ['203.0.113.7'],
    )
  })

  it('counts a /64 of IPv6 as one source', async () => {
    for (let i = 0; i < 6; i += 1) await attempt(`2001:db8::${i + 1}`, `ghost${i}@acme.example`, 'x')
    assert.equal((await attempt('2001:db8::ffff', 'ann@acme.example', password)).status, 403)
    assert.equal((await attempt('2001:db8:0:1::1', 'ann@acme.example', password)).status, 200)
  })
})

describe('an edge whose public name is https', () => {
  let bench: SignInBench
  const origin = 'https://edge.example'

  before(async () => {
    bench = await openBench({
      config: { publicUrl: origin },
      app: { match: { hosts: ['edge.example'] } },
    })
  })
  after(() => bench.close())

  it('sets its cookies with the __Host- prefix and Secure, and knows its own origin by https', async () => {
    const browser = new Browser(bench.edge, { origin })
    const answer = await browser.signIn('ann@acme.example')
    assert.equal(answer.status, 303)
    const [line = ''] = answer.cookies
    assert.match(line, /^__Host-sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    assert.ok(browser.cookies.has('__Host-sallyport-form'))
    assert.equal((await browser.get(session)).status, 200)
    assert.equal((await browser.post('/app/x', {})).status, 200)
    assert.equal((await browser.post('/app/x', {}, { origin: 'http://edge.example' })).status, 403)
  })

  it('does not read the cookie without the prefix, which a neighbour could set', async () => {
    const browser = new Browser(bench.edge, { origin })
    await browser.signIn('ann@acme.example')
    const handle = browser.cookies.get('__Host-sallyport') ?? ''
    const cookie = (name: string) =>
      send(bench.edge.port, session, { headers: { host: 'edge.example', cookie: `${name}=${handle}` } })
    assert.equal((await cookie('__Host-sallyport')).status, 200)
    for (const name of ['sallyport', '__Secure-sallyport', '__host-sallyport']) {
      assert.equal((await cookie(name)).json['code'], 'ERR_CREDENTIAL_MISSING')
    }
  })
})

describe('live exchanges', () => {
  it('end with the session that asked for them', async () => {
    const bench = await openBench()
    try {
      const { promise: begun, resolve } = Promise.withResolvers<void>()
      bench.upstream.respond((_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n')
        resolve()
      })
      const browser = new Browser(bench.edge)
      await browser.signIn('ann@acme.example')
      const csrf = await browser.formToken('/.sallyport/')
      const { promise: ended, resolve: end } = Promise.withResolvers<string>()
      void browser.get('/app/events').then(
        () => end('finished'),
        () => end('cut'),
      )
      await begun
      await browser.post('/.sallyport/logout', { csrf })
      assert.equal(await ended, 'cut')
    } finally {
      await bench.close()
    }
  })
})
