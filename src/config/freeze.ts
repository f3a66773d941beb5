import { Secret } from './secret.ts'

/** Freezes everything below `value`; maps refuse to be changed. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map)
    for (const verb of ['set', 'delete', 'clear']) Object.defineProperty(value, verb, { value: refuse })
  Object.freeze(value)
  if (value instanceof Secret) return value
  const parts: Iterable<unknown> = value instanceof Map ? value.values() : Object.values(value)
  for (const part of parts) deepFreeze(part)
  return value
}

function refuse(): never {
  throw new TypeError('the configuration is frozen')
}
