import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { Csrf } from '../../src/login/csrf.ts'
import { until } from '../e2e/failure-support.ts'
import { Browser, openBench, type SignInBench } from './support.ts'

const carol = 'carol@consult.example'

describe('switching to another company', () => {
  let bench: SignInBench
  let csrf: Csrf

  before(async () => {
    bench = await openBench()
    const keys = await openKeyFile(join(bench.edge.folder, 'keys.json'), { create: false })
    csrf = new Csrf(keys, { cookieName: 'sallyport-form', secure: false })
  })
  after(() => bench.close())

  /** Without a look at the account page, which reads one's rights in every company. */
  async function switchTo(tenant: string, browser: Browser): Promise<number> {
    const token = csrf.token(browser.cookies.get('sallyport') ?? '')
    return (await browser.post('/.sallyport/tenant', { csrf: token, tenant })).status
  }

  /** A browser whose session the edge takes: after a raised epoch that is a moment later. */
  async function signedIn(): Promise<Browser> {
    const browser = new Browser(bench.edge)
    await until('the session is taken', async () => {
      await browser.signIn(carol)
      return (await browser.get('/.sallyport/session')).status === 200
    })
    return browser
  }

  it('makes nothing that lasts of a session that was ended with all others of its account', async () => {
    for (;;) {
      const browser = await signedIn()
      await bench.edge.store.bumpEpoch('id-carol')
      const status = await switchTo('globex', browser)
      // The edge had noticed by then.
      if (status === 401) continue
      assert.equal(status, 303)
      // At the latest when no copy of the rights that were is left.
      await until('the new session has ended too', async () => {
        return (await browser.get('/.sallyport/session', { accept: 'application/json' })).status === 401
      })
      return
    }
  })

  it('goes on with a session that was not', async () => {
    const browser = await signedIn()
    assert.equal(await switchTo('globex', browser), 303)
    assert.equal((await browser.get('/.sallyport/session')).json['tenant'], 'globex')
  })
})
