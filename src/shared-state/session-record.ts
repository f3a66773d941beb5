import type { ReplicatedEntry, SessionRecord } from './shared-state.ts'

/** When the session ends if nobody touches it again. */
export function endOf(record: SessionRecord): number {
  return Math.min(record.idleUntil, record.absoluteUntil)
}

/** What every edge learns when a session is ended: its public name, for as long as copies of it could live. */
export function revocationOf(record: SessionRecord): ReplicatedEntry {
  return { member: `sid:${record.sid}`, value: '{}', expiresAt: record.absoluteUntil }
}

/** Checks what was read back from a shared store; undefined for anything that is not a session. */
export function parseSessionRecord(text: string): SessionRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isSessionRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textFields = ['account', 'tenant', 'sid', 'method', 'address', 'userAgent'] as const
const numberFields = ['epoch', 'createdAt', 'idleUntil', 'absoluteUntil'] as const

function isSessionRecord(value: unknown): value is SessionRecord {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  return (
    textFields.every((name) => typeof fields.get(name) === 'string') &&
    numberFields.every((name) => Number.isSafeInteger(fields.get(name)))
  )
}
