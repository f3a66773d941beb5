import { parseSessionRecord } from './session-record.ts'
import type { ReplicatedEntry, SessionRecord } from './shared-state.ts'

/** How values are written in Redis: numbers that scripts must read come first, then the JSON they never touch. */

/** `expiresAt value`; undefined for what this program did not write. */
export function decodeEntry(member: string, text: string): ReplicatedEntry | undefined {
  const space = text.indexOf(' ')
  const expiresAt = decodeTime(text.slice(0, Math.max(space, 0)))
  return expiresAt === undefined ? undefined : { member, value: text.slice(space + 1), expiresAt }
}

/** Fields and values alternating, as HSCAN gives them; a field may come twice. */
export function collectEntries(flat: readonly string[], now: number, into: Map<string, ReplicatedEntry>): void {
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const entry = decodeEntry(flat[i] ?? '', flat[i + 1] ?? '')
    if (entry !== undefined && entry.expiresAt > now) into.set(entry.member, entry)
  }
}

/** `idleUntil absoluteUntil json`. */
export function encodeSession(record: SessionRecord): string {
  return `${record.idleUntil} ${record.absoluteUntil} ${JSON.stringify(record)}`
}

/** The idle deadline in front is newer than the one in the JSON. */
export function decodeSession(text: string): SessionRecord | undefined {
  const first = text.indexOf(' ')
  const second = text.indexOf(' ', first + 1)
  const idleUntil = decodeTime(text.slice(0, Math.max(first, 0)))
  const record = second === -1 ? undefined : parseSessionRecord(text.slice(second + 1))
  return idleUntil === undefined || record === undefined ? undefined : { ...record, idleUntil }
}

function decodeTime(text: string): number | undefined {
  return /^[0-9]{1,16}$/.test(text) ? Number(text) : undefined
}
