import { randomBytes } from 'node:crypto'
import { ProxyError } from '../errors.ts'
import type { RequestHeaders } from '../exchange.ts'
import { equalSecrets } from '../lib/constant-time.ts'
import { readCookies } from '../lib/cookies.ts'

/** HMAC-SHA-256 with a key of its own for each purpose. */
export type Mac = (purpose: string, data: string) => string

const seedPattern = /^[A-Za-z0-9_-]{43}$/

/** Form tokens: the MAC of a random cookie, or of the session handle where there is a session (CWE-352). */
export class Csrf {
  readonly #mac: Mac
  readonly #cookieName: string
  readonly #secure: boolean

  constructor(mac: Mac, options: { readonly cookieName: string; readonly secure: boolean }) {
    this.#mac = mac
    this.#cookieName = options.cookieName
    this.#secure = options.secure
  }

  /** The seed the browser holds, or a new one with the cookie that sets it. */
  seed(headers: RequestHeaders): { readonly seed: string; readonly setCookie: string | undefined } {
    const held = this.#held(headers)
    if (held !== undefined) return { seed: held, setCookie: undefined }
    const seed = randomBytes(32).toString('base64url')
    const secure = this.#secure ? '; Secure' : ''
    return { seed, setCookie: `${this.#cookieName}=${seed}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600${secure}` }
  }

  token(seed: string): string {
    return this.#mac('form', seed)
  }

  /** Whether a sign-in form came from a page this browser was given. */
  holds(headers: RequestHeaders, token: string | undefined): boolean {
    const held = this.#held(headers)
    return held !== undefined && token !== undefined && equalSecrets(this.token(held), token)
  }

  /** Throws ERR_ORIGIN_FOREIGN unless the form token belongs to the session. */
  require(handle: string, token: string | undefined): void {
    if (token !== undefined && equalSecrets(this.token(handle), token)) return
    throw new ProxyError('ERR_ORIGIN_FOREIGN', 'form token does not belong to the session')
  }

  #held(headers: RequestHeaders): string | undefined {
    const values = readCookies(headers.all('cookie')).filter((pair) => pair.name === this.#cookieName)
    const [only] = values
    return values.length === 1 && only !== undefined && seedPattern.test(only.value) ? only.value : undefined
  }
}
