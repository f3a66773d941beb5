import { ProxyError } from '../errors.ts'

/** The fields of a urlencoded or JSON body: strings, each once. Anything else refuses. */
export class Form {
  readonly #fields: ReadonlyMap<string, unknown>

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new ProxyError('ERR_SIGN_IN_FORM', 'body is no form')
    }
    this.#fields = new Map(Object.entries(body))
  }

  /** Undefined where absent or empty. */
  text(name: string, maxLength: number): string | undefined {
    const value = this.#fields.get(name)
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string' || value.length > maxLength) throw new ProxyError('ERR_SIGN_IN_FORM', `field ${name}`)
    return value
  }

  required(name: string, maxLength: number): string {
    const value = this.text(name, maxLength)
    if (value === undefined) throw new ProxyError('ERR_SIGN_IN_FORM', `field ${name} is missing`)
    return value
  }
}
