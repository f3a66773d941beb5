import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { CommandError } from './cli.ts'

/**
 * Keeps a second edge of this machine away from the audit log, whose chain has one writer; call the result to let go.
 * The claim is an abstract socket (Linux), which the kernel lets go with the process: no stale lock outlives a crash.
 */
export async function claimAuditFile(path: string): Promise<() => void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const name = await identity(path)
  if (name === undefined || process.platform !== 'linux') return () => undefined
  const claim = createServer((socket) => socket.destroy())
  try {
    claim.listen(`\0sallyport-audit-${name}`)
    await once(claim, 'listening')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    throw new CommandError(
      `${path} is written by an edge that runs already; stop that one, or name another audit.file`,
      {
        cause,
      },
    )
  }
  claim.unref()
  return () => void claim.close()
}

/** The file, whatever it is called; undefined where nothing can be written to it or it is none: opening it for good says so. */
async function identity(path: string): Promise<string | undefined> {
  // Reading too: a pipe without a reader would not open otherwise.
  const file = await open(path, 'a+', 0o600).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const found = await file.stat({ bigint: true })
    return found.isFile() ? `${found.dev}-${found.ino}` : undefined
  } finally {
    await file.close()
  }
}
