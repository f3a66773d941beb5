import { type FileHandle, open } from 'node:fs/promises'
import { ProxyError } from '../errors.ts'
import { chainOf, genesis, maxLineBytes, parseSealed, type SealedLine } from './chain.ts'
import { DamageMeter, vouchesFor } from './damage.ts'
import { type ReadLine, readLines } from './read-lines.ts'

export interface AuditVerdict {
  /** Lines whose place in the chain holds, counted from the top. */
  readonly lines: number
  /** The last of them: compare with a value kept elsewhere, since lines cut off the end leave no trace here. */
  readonly last: { readonly seq: number; readonly chain: string; readonly time: string } | undefined
  /** The first line (from 1) that was altered, removed or moved; nothing after it was looked at. */
  readonly firstBad?: { readonly line: number; readonly reason: string }
  /** What a crash left behind, and was owned up to by the line after it. */
  readonly warnings: readonly string[]
}

export interface VerifyOptions {
  /** The last line of the log this one continues (after a rotation). */
  readonly after?: { readonly seq: number; readonly chain: string }
}

/** Checks every line's place in the chain, in bounded memory however long the file is. */
export async function verifyAudit(path: string, options: VerifyOptions = {}): Promise<AuditVerdict> {
  const handle = await openToRead(path)
  try {
    return await verifyLines(readLines(handle, 0, maxLineBytes), options.after ?? { seq: 0, chain: genesis })
  } finally {
    await handle.close()
  }
}

/** Opens an audit log for reading, or says that it cannot. */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    throw new ProxyError('ERR_AUDIT_UNAVAILABLE', `the audit log cannot be read: ${path}`, { cause })
  }
}

type Place = Pick<SealedLine, 'seq' | 'chain'>

async function verifyLines(lines: AsyncIterable<ReadLine>, start: Place): Promise<AuditVerdict> {
  const torn = new TornLines()
  const warnings: string[] = []
  let last: SealedLine | undefined
  let number = 0
  let good = 0
  const verdict = () => ({ lines: good, last: last && { seq: last.seq, chain: last.chain, time: last.time }, warnings })
  for await (const line of lines) {
    number += 1
    const sealed = parseSealed(line.bytes)
    if (sealed === undefined) {
      torn.add(line, number)
      continue
    }
    const damaged = torn.firstLine
    if (damaged !== undefined && !torn.vouchedBy(sealed)) return { ...verdict(), firstBad: notALine(damaged) }
    const reason = whyMisplaced(sealed, last ?? start) ?? whyUnvouched(sealed, damaged)
    if (reason !== undefined) return { ...verdict(), firstBad: { line: number, reason } }
    if (damaged !== undefined) warnings.push(`line ${damaged}: torn by a crash, as line ${number} says`)
    last = sealed
    good += 1
  }
  if (torn.firstLine === undefined) return verdict()
  if (!torn.isOnlyOpen) return { ...verdict(), firstBad: notALine(torn.firstLine) }
  warnings.push(`line ${torn.firstLine}: torn by a crash, or being written now; the next start will vouch for it`)
  return verdict()
}

function notALine(line: number): { line: number; reason: string } {
  return { line, reason: 'altered: not a line that was written by the audit log' }
}

function whyMisplaced(line: SealedLine, previous: Place): string | undefined {
  const expected = previous.seq + 1
  if (line.seq > expected) return `removed: event ${expected} should be here, and ${line.seq} is`
  if (line.seq < expected) return `reordered or repeated: event ${expected} should be here, and ${line.seq} is`
  if (chainOf(previous.chain, line.canonical) === line.chain) return undefined
  return 'altered: the chain does not hold here (or the line before was altered and its own chain value renewed)'
}

/** A line that owns up to damage stands behind that damage, or somebody tidied up. */
function whyUnvouched(line: SealedLine, damaged: number | undefined): string | undefined {
  if (damaged !== undefined || line.event !== 'edge.started' || line.detail.recovered !== true) return undefined
  return 'removed: the torn line that this one speaks of is gone'
}

/** Unreadable lines since the last good one. */
class TornLines {
  readonly #meter = new DamageMeter()
  firstLine: number | undefined
  isOnlyOpen = false

  add(line: ReadLine, number: number): void {
    this.isOnlyOpen = line.open && this.firstLine === undefined
    this.firstLine ??= number
    this.#meter.addLine(line.bytes)
  }

  /** Forgets the lines, having compared them with what the line after them says. */
  vouchedBy(line: SealedLine): boolean {
    this.firstLine = undefined
    return vouchesFor(line.detail, this.#meter.take()) && line.event === 'edge.started'
  }
}
