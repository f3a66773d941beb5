import { isDeepStrictEqual } from 'node:util'
import type { AccountStore } from '../../accounts/account-store.ts'

/** One step from what the store holds to what the file says. */
export interface Change {
  readonly sign: '+' | '~' | '-'
  readonly kind: 'tenant' | 'account' | 'password' | 'group' | 'membership' | 'grant'
  /** Which one: `acme`, `ann@acme.example in acme`. */
  readonly what: string
  /** What becomes different; never a secret. */
  readonly detail: string
  readonly make: (store: AccountStore) => Promise<void>
}

/** `name "A" -> "B", roles ["viewer"] -> ["admin"]` for the members that differ. */
export function differences<T extends object>(before: T, after: T, members: readonly (keyof T & string)[]): string {
  return members
    .filter((member) => !isDeepStrictEqual(before[member], after[member]))
    .map((member) => `${member} ${written(before[member])} -> ${written(after[member])}`)
    .join(', ')
}

function written(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}

export function formatChange({ sign, kind, what, detail }: Change): string {
  return `${sign} ${kind} ${what}${detail === '' ? '' : `: ${detail}`}`
}
