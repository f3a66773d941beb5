import type { InjectedValue, Injection, SetInjection } from '../../../../src/config/config.ts'
import { type ComposedMask, composeMask } from '../../../../src/mask/compose.ts'
import type { FieldDeclaration } from '../../../../src/mask/language.ts'
import { parseMask } from '../../../../src/mask/parse.ts'
import { WithheldPaths } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { ledger } from '../../../mask/masks.ts'

/** Parameters as the configuration says them: a text, or the name of an attribute. */
export function set(parameters: Readonly<Record<string, string | { readonly $user: string }>>): SetInjection {
  const values = Object.entries(parameters).map(([name, value]): [string, InjectedValue] => [
    name,
    typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'user', attribute: value.$user },
  ])
  return { kind: 'set', parameters: new Map(values) }
}

export const odata: Injection = { kind: 'query', mask: 'odata' }
export const postgrest: Injection = { kind: 'query', mask: 'postgrest' }

export const everything: ComposedMask = { kind: 'all', parts: [], permitRequired: false }
const nobody = { permits: [], restricts: [], attributes: new Map<string, unknown>() }
/** Nobody granted anything. */
export const nothing: ComposedMask = composeMask({ ...nobody, dataset: ledger(), tenant: 'acme' })

/** The rows of the tenant acme that `written` permits. */
export function rows(written: unknown): ComposedMask {
  const permits = [{ rule: 'grant', mask: parseMask(written, ledger()) }]
  return composeMask({ ...nobody, dataset: ledger(), tenant: 'acme', permits })
}

export const noAttributes: ReadonlyMap<string, unknown> = new Map()

/** What came of it: a value, or the code of the refusal. */
export function outcome<T>(run: () => T): T | string {
  try {
    return run()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

const fields = {
  id: ['id'],
  amount: ['amount'],
  note: ['note'],
  margin: ['margin'],
  owner: ['meta', 'owner'],
  expense: ['lines', '*', 'cost'],
  list: ['prices', '0'],
} as const

/** The declaration of one of them. */
export function declare(name: keyof typeof fields): FieldDeclaration {
  return { name, type: 'string', path: fields[name] }
}

const declared = [declare('id'), declare('amount'), declare('note')]
const hidden = [declare('margin'), declare('owner'), declare('expense'), declare('list')]

/** Somebody may not see `margin`, `/meta/owner`, the `cost` of any of `/lines` or `/prices/0`; declared are `id`, `amount` and `note` too. */
export const withheld = new WithheldPaths(hidden, [...declared, ...hidden])
