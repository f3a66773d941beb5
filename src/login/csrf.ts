import { randomBytes } from 'node:crypto'
import { ProxyError } from '../errors.ts'
import type { RequestHeaders } from '../exchange.ts'
import { readCookies } from '../lib/cookies.ts'

/** HMAC-SHA-256, separate for each purpose. */
export interface MacKeys {
  mac(purpose: string, data: string): string
  /** In constant time; also by a key that was replaced a while ago. */
  isMac(purpose: string, data: string, mac: string): boolean
}

const purpose = 'form'

const seedPattern = /^[A-Za-z0-9_-]{43}$/

/** Form tokens: the MAC of a random cookie, or of the session handle where there is a session (CWE-352). */
export class Csrf {
  readonly #keys: MacKeys
  readonly #cookieName: string
  readonly #secure: boolean

  constructor(keys: MacKeys, options: { readonly cookieName: string; readonly secure: boolean }) {
    this.#keys = keys
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
    return this.#keys.mac(purpose, seed)
  }

  /** Whether a sign-in form came from a page this browser was given. */
  holds(headers: RequestHeaders, token: string | undefined): boolean {
    const held = this.#held(headers)
    return held !== undefined && token !== undefined && this.#keys.isMac(purpose, held, token)
  }

  /** Throws ERR_ORIGIN_FOREIGN unless the form token belongs to the session. */
  require(handle: string, token: string | undefined): void {
    if (token !== undefined && this.#keys.isMac(purpose, handle, token)) return
    throw new ProxyError('ERR_ORIGIN_FOREIGN', 'form token does not belong to the session')
  }

  #held(headers: RequestHeaders): string | undefined {
    const values = readCookies(headers.all('cookie')).filter((pair) => pair.name === this.#cookieName)
    const [only] = values
    return values.length === 1 && only !== undefined && seedPattern.test(only.value) ? only.value : undefined
  }
}
