import { type SignInMethod, signInMethodFrom } from '../lib/sign-in-method.ts'

/** A refresh token's family: everything issued from one sign-in. */
export interface RefreshFamily {
  readonly account: string
  readonly tenant: string
  readonly sid: string
  /** The sign-in it began with. */
  readonly method: SignInMethod
  readonly epoch: number
  /** Milliseconds since the Unix epoch. */
  readonly until: number
  /** The API key it began with, which must still be there. */
  readonly key?: string | undefined
}

const textFields = ['account', 'tenant', 'sid'] as const
const numberFields = ['epoch', 'until'] as const

/** Checks what was read back from shared state; undefined for anything that is not a family. */
export function parseRefreshFamily(text: string): RefreshFamily | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFamily(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFamily(value: unknown): value is RefreshFamily {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  const [key, method] = [fields.get('key'), fields.get('method')]
  return (
    typeof method === 'string' &&
    signInMethodFrom(method) !== undefined &&
    textFields.every((name) => typeof fields.get(name) === 'string' && fields.get(name) !== '') &&
    numberFields.every((name) => Number.isSafeInteger(fields.get(name))) &&
    (key === undefined || typeof key === 'string')
  )
}
