import { fstatSync, readSync } from 'node:fs'
import { ProxyError } from '../errors.ts'
import { genesis, maxLineBytes, parseSealed } from './chain.ts'
import { type Damage, DamageMeter } from './damage.ts'

/** Where an existing log ends. */
export interface LogEnd {
  readonly seq: number
  readonly chain: string
  /** The file does not end with a newline. */
  readonly open: boolean
  readonly damage: Damage | undefined
}

const windowBytes = 2 * maxLineBytes
const firstBytes = Buffer.from('{"time":"')

/** Finds the last sealed line and what a crash left after it, reading a bounded tail however long the file is. */
export function readLogEnd(fd: number): LogEnd {
  const { size } = fstatSync(fd)
  if (size === 0) return { seq: 0, chain: genesis, open: false, damage: undefined }
  const window = Buffer.alloc(Math.min(size, windowBytes))
  readSync(fd, window, 0, window.length, size - window.length)
  const open = window.at(-1) !== 0x0a
  const lines = splitLines(open ? window : window.subarray(0, -1))
  // The first line of the window may have begun before it.
  const first = window.length < size ? 1 : 0
  for (let index = lines.length - 1; index >= first; index -= 1) {
    const sealed = parseSealed(lines[index] ?? Buffer.alloc(0))
    if (sealed === undefined) continue
    return { seq: sealed.seq, chain: sealed.chain, open, damage: damageOf(lines.slice(index + 1)) }
  }
  if (first === 1 || !beginsLikeALog(window)) {
    throw new ProxyError('ERR_AUDIT_UNAVAILABLE', 'the file for the audit log ends with something else')
  }
  return { seq: 0, chain: genesis, open, damage: damageOf(lines) }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  lines.push(bytes.subarray(start))
  return lines
}

function damageOf(lines: readonly Buffer[]): Damage | undefined {
  if (lines.length === 0) return undefined
  const meter = new DamageMeter()
  for (const line of lines) meter.addLine(line)
  return meter.take()
}

/** A log whose very first line was torn begins with at least the beginning of a line. */
function beginsLikeALog(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, firstBytes.length)
  return bytes.subarray(0, length).equals(firstBytes.subarray(0, length))
}
