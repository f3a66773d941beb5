import type { FileHandle } from 'node:fs/promises'

/** A line without its newline; `open` where the file ended before one. */
export interface ReadLine {
  readonly bytes: Buffer
  readonly open: boolean
}

const blockBytes = 64 * 1024

/**
 * The lines of a file from `offset`, one block in memory at a time.
 * A line longer than `maxBytes` comes in pieces of about that size.
 */
export async function* readLines(handle: FileHandle, offset: number, maxBytes: number): AsyncGenerator<ReadLine> {
  let rest: Buffer = Buffer.alloc(0)
  let position = offset
  for (;;) {
    const block = Buffer.alloc(blockBytes)
    const { bytesRead } = await handle.read(block, 0, blockBytes, position)
    if (bytesRead === 0) break
    position += bytesRead
    const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)])
    let start = 0
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      yield { bytes: bytes.subarray(start, end), open: false }
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length <= maxBytes) continue
    yield { bytes: rest, open: false }
    rest = Buffer.alloc(0)
  }
  if (rest.length > 0) yield { bytes: rest, open: true }
}
