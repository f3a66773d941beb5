import { stat } from 'node:fs/promises'
import { readKeyFile } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'

/** A file system may not say when a file changed, or not for a mount; asking costs next to nothing. */
const everyMs = 500

/** Told what became of a changed file; `error` where the keys before it stay in force. */
export type OnKeyFile = (outcome: { readonly error: unknown } | 'replaced') => void

/** Brings `keys` to what the file at `path` holds whenever that changes, until stopped. */
export function watchKeyFile(path: string, keys: KeyRing, onChange: OnKeyFile): () => void {
  // Whether the file changed between its first reading and now is not known: it is read once more.
  let seen = ''
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function round(): Promise<void> {
    const stamp = await stampOf(path)
    if (stamp !== seen) await look(stamp)
    if (!stopped) wait()
  }

  async function look(stamp: string): Promise<void> {
    const first = seen === ''
    seen = stamp
    try {
      keys.replace(await readKeyFile(path))
      if (!first) onChange('replaced')
    } catch (error) {
      onChange({ error })
    }
  }

  function wait(): void {
    timer = setTimeout(() => void round(), everyMs).unref()
  }

  wait()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** Another one for another file, and for another content of the same. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mode } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs, mode].join(' ')
  } catch {
    return 'away'
  }
}
