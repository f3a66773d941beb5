import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { errorCodes, statusOf, titleOf } from '../../src/errors.ts'
import { html } from '../../src/login/pages/html.ts'
import { pageHeaders } from '../../src/login/pages/layout.ts'
import { accountPage, emailPage, passwordPage } from '../../src/login/pages/pages.ts'
import { problemPage } from '../../src/login/pages/problem-page.ts'
import { policy, principal } from '../stages/support.ts'
import { type Answer, Browser, openBench, type SignInBench, send } from './support.ts'

const nasty = `<b>&"'\`</b><script>alert(1)</script>"><img src=x onerror=alert(1)>`
const form = { csrf: nasty, returnTo: nasty }

function nastyAccount(): string {
  const plain = policy({ id: nasty, tenant: nasty, roles: [nasty] })
  const who = principal({ ...plain, groups: [nasty] })
  assert.ok(who.kind === 'principal')
  const tenants = [
    { id: nasty, name: nasty, signIn: [] },
    { id: 'other', name: '', signIn: ['saml' as const] },
  ]
  return accountPage(who.principal, tenants, form)
}

function principalOf() {
  const who = principal()
  assert.ok(who.kind === 'principal')
  return who.principal
}

const pages: Readonly<Record<string, string>> = {
  email: emailPage({ ...form, alert: nasty }),
  password: passwordPage({ ...form, email: nasty, alert: nasty }),
  account: nastyAccount(),
  problem: problemPage({ status: 403, title: nasty, code: nasty, request: nasty, signIn: [] }),
}

describe('our pages', () => {
  it('escape every value', () => {
    for (const [name, page] of Object.entries(pages)) {
      for (const piece of ['<b>', '<script', '<img', `"'`, '&"', '"><img']) {
        assert.ok(!page.includes(piece), `${name} holds ${piece}`)
      }
      assert.ok(page.includes('&#60;b&#62;&#38;&#34;&#39;'), name)
    }
    assert.equal(html`<p>${'<'}${1}${undefined}${[html`<i>${'>'}</i>`]}</p>`.text, '<p>&#60;1<i>&#62;</i></p>')
  })

  it('hold no script, no handler, no inline style and nothing from elsewhere', () => {
    for (const [name, page] of Object.entries(pages)) {
      assert.doesNotMatch(page, /<script|<link|<iframe|<object|<embed|<base|href="(?!\/)/i, name)
      // What is left of the tags when their values are taken out.
      const bare = page.replaceAll(/"[^"]*"/g, '""')
      assert.doesNotMatch(bare, /<[^>]*\s(?:on[a-z]+|style|src|srcset|formaction)=/i, name)
      for (const [, action] of page.matchAll(/<form[^>]* action="([^"]*)"/g)) {
        assert.match(action ?? '', /^\/\.sallyport\/(login|logout|tenant)$/)
      }
      for (const [tag] of page.matchAll(/<form[^>]*>/g)) assert.match(tag, /method="post"/)
    }
  })

  it('are sent with a policy that lets in exactly their one style element', () => {
    const policyText = pageHeaders['content-security-policy'] ?? ''
    for (const page of Object.values(pages)) {
      const styles = [...page.matchAll(/<style>([^]*?)<\/style>/g)].map(([, text]) => text ?? '')
      assert.equal(styles.length, 1)
      const digest = createHash('sha256')
        .update(styles[0] ?? '')
        .digest('base64')
      assert.ok(policyText.includes(`style-src 'sha256-${digest}'`))
    }
    assert.match(policyText, /^default-src 'none';/)
    assert.match(policyText, /form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/)
    assert.doesNotMatch(policyText, /unsafe/)
  })

  it('let a browser say where their forms come from', () => {
    assert.equal(pageHeaders['referrer-policy'], 'same-origin')
  })

  it('name their language, their heading and every field', () => {
    for (const [name, page] of Object.entries(pages)) {
      assert.match(page, /^<!doctype html>\n<html lang="en">/)
      assert.equal(page.match(/<h1[ >]/g)?.length, 1, name)
      assert.equal(page.match(/<main>/g)?.length, 1, name)
      assert.match(page, /<title>[^<]+<\/title>/)
      for (const [field] of page.matchAll(/<(?:input|select)[^>]*>/g)) {
        if (field.includes('type="hidden"')) continue
        const id = / id="([^"]+)"/.exec(field)?.[1] ?? ''
        assert.ok(page.includes(`<label for="${id}">`), `${name}: ${id}`)
      }
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      assert.equal(new Set(ids).size, ids.length, name)
    }
  })

  it('tell what went wrong beside the field and in the title', () => {
    const wrong = emailPage({ csrf: 'c', returnTo: '/', alert: 'No' })
    assert.match(wrong, /<title>Error: /)
    assert.match(wrong, /id="alert" role="alert"/)
    assert.match(wrong, /aria-invalid="true" aria-describedby="alert"/)
    const right = emailPage({ csrf: 'c', returnTo: '/' })
    assert.doesNotMatch(right, /Error|aria-invalid=|role="alert"/)
  })

  it('say status, title, code and request of every refusal, and have words for it', () => {
    for (const code of errorCodes) {
      const page = problemPage({ status: statusOf(code), title: titleOf(code), code, request: 'request-1', signIn: [] })
      for (const text of [String(statusOf(code)), titleOf(code), code, 'request-1'])
        assert.ok(page.includes(text), code)
      assert.match(page, /<a href="\/[^"]*">/)
    }
  })

  it('offer another company only to who belongs to several', () => {
    const acme = { id: 'acme', name: 'Acme Ltd', signIn: [] }
    assert.doesNotMatch(accountPage(principalOf(), [acme], { csrf: 'c', returnTo: '/' }), /<select/)
    const two = accountPage(principalOf(), [acme, { id: 'globex', name: '', signIn: [] }], { csrf: 'c', returnTo: '/' })
    assert.match(two, /<option value="acme" selected>Acme Ltd<\/option><option value="globex">globex<\/option>/)
  })

  it('say which sign-in another company asks for, where another one than this', () => {
    const who = { ...principalOf(), method: 'password' as const }
    const companies = [
      { id: 'acme', name: '', signIn: ['password', 'saml'] },
      { id: 'globex', name: '', signIn: ['saml', 'oidc'] },
    ] as const
    const page = accountPage(who, companies, { csrf: 'c', returnTo: '/' })
    const asks = 'asks for single sign-on (SAML) or single sign-on (OpenID Connect)'
    assert.ok(page.includes(`>acme</option><option value="globex">globex (${asks})</option>`))
    const code = 'ERR_TENANT_DEMANDS'
    const problem = problemPage({ status: 403, title: titleOf(code), code, request: 'r', signIn: ['saml'] })
    assert.match(problem, /asks you to sign in with single sign-on \(SAML\)\./)
    assert.match(problem, /<a href="\/\.sallyport\/login">/)
  })
})

function assertGuarded(answer: Answer): void {
  for (const [name, value] of Object.entries(pageHeaders)) assert.equal(answer.headers[name], value, name)
}

describe('our pages through an edge', () => {
  let bench: SignInBench

  before(async () => {
    bench = await openBench()
  })
  after(() => bench.close())

  it('carry their guards, refusals too', async () => {
    const browser = new Browser(bench.edge)
    assertGuarded(await browser.get('/.sallyport/login'))
    assertGuarded(await browser.signIn('ann@acme.example', { password: 'wrong' }))
    await browser.signIn('ann@acme.example')
    assertGuarded(await browser.get('/.sallyport/'))
    const missing = await browser.get('/nowhere')
    assert.equal(missing.status, 404)
    assertGuarded(missing)
  })

  it('show what was typed, escaped', async () => {
    const browser = new Browser(bench.edge)
    const csrf = await browser.formToken()
    const { status, text } = await browser.post('/.sallyport/login', { csrf, email: nasty, return: '/' })
    assert.equal(status, 200)
    assert.ok(text.includes('&#60;script&#62;'))
    assert.doesNotMatch(text, /<script|<img/)
  })

  it('show a name as it is kept, escaped', async () => {
    const { store } = bench.edge
    const dave = await store.account('id-dave')
    assert.ok(dave !== undefined)
    await store.putAccount({ ...dave, name: nasty })
    const browser = new Browser(bench.edge)
    await browser.signIn('dave@acme.example')
    const { text } = await browser.get('/.sallyport/')
    assert.ok(text.includes('&#60;b&#62;'))
    assert.doesNotMatch(text, /<b>|<script|<img/)
  })

  it('ask again for an address that was left out', async () => {
    const browser = new Browser(bench.edge)
    const csrf = await browser.formToken()
    for (const email of ['', '   ']) {
      const answer = await browser.post('/.sallyport/login', { csrf, email })
      assert.equal(answer.status, 400)
      assert.match(answer.text, /Please enter your e-mail address/)
    }
  })

  it('send who is not signed in to sign-in and back to the account', async () => {
    const answer = await send(bench.edge.port, '/.sallyport/', { headers: { accept: 'text/html' } })
    assert.equal(answer.status, 302)
    assert.equal(answer.headers.location, '/.sallyport/login?return=%2F.sallyport%2F')
  })
})
