import { ProxyError } from '../errors.ts'

export type Parameter = null | boolean | number | string

/**
 * Refuses what the two databases would store differently: NUL and lone surrogates in text (PostgreSQL refuses the one and
 * replaces the other), fractions and integers above 2^53.
 */
export function checkParameters(parameters: readonly unknown[]): asserts parameters is readonly Parameter[] {
  for (const parameter of parameters) {
    if (!isStorable(parameter)) throw new ProxyError('ERR_STORE_REFUSED', 'a value that no store can hold')
  }
}

function isStorable(value: unknown): value is Parameter {
  // Booleans are never ours, only Kysely's own questions about the schema.
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}
