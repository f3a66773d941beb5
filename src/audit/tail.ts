import type { FileHandle } from 'node:fs/promises'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { maxLineBytes } from './chain.ts'
import { readLines } from './read-lines.ts'
import { openToRead } from './verify.ts'

export interface TailOptions {
  /** How many of the last lines to begin with. */
  readonly lines: number
  /** Go on with lines as they are written, through rotations, until `signal` says stop. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

const blockBytes = 64 * 1024
const pollMs = 200

/** The last lines of an audit log as text, and with `follow` the ones to come; ends quietly when aborted. */
export async function* tailAudit(path: string, options: TailOptions): AsyncGenerator<string> {
  let handle = await openToRead(path)
  try {
    let offset = await offsetOfLast(handle, options.lines)
    for (;;) {
      for await (const line of readLines(handle, offset, maxLineBytes)) {
        if (options.signal?.aborted === true) return
        // What has no newline yet is read again when it has one.
        if (line.open && options.follow === true) break
        offset += line.bytes.length + 1
        yield line.bytes.toString('utf8')
      }
      if (options.follow !== true || !(await pause(options.signal))) return
      if (!(await isReplaced(path, handle, offset))) continue
      await handle.close()
      handle = await openToRead(path)
      offset = 0
    }
  } finally {
    await handle.close()
  }
}

/** Reads backwards block by block until `count` newlines lie behind. */
async function offsetOfLast(handle: FileHandle, count: number): Promise<number> {
  const { size } = await handle.stat()
  if (count <= 0) return size
  const block = Buffer.alloc(blockBytes)
  let wanted = count
  for (let end = size; end > 0; end -= blockBytes) {
    const start = Math.max(0, end - blockBytes)
    await handle.read(block, 0, end - start, start)
    for (let index = end - start - 1; index >= 0; index -= 1) {
      // The newline that ends the file ends its last line; it does not begin another.
      if (block[index] !== 0x0a || start + index === size - 1) continue
      wanted -= 1
      if (wanted === 0) return start + index + 1
    }
  }
  return 0
}

async function pause(signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal })
    return true
  } catch {
    // Only the signal ends a sleep: the reader has had enough.
    return false
  }
}

async function isReplaced(path: string, handle: FileHandle, offset: number): Promise<boolean> {
  const [there, here] = await Promise.all([stat(path).catch(() => undefined), handle.stat()])
  if (there === undefined) return false
  return there.ino !== here.ino || there.dev !== here.dev || there.size < offset
}
