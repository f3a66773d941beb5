import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ProxyError } from '../errors.ts'
import { KeyRing } from './key-ring.ts'
import { createKeySet, parseKeySet } from './key-set.ts'

const maxBytes = 65_536
const unusable = (why: string) => new ProxyError('ERR_KEYS_UNUSABLE', `the key file ${why}`)

/**
 * Reads the keys of this installation; a file that others may read is refused. Where `create` and there is none, one is
 * made; of several edges that do so at once, all use the first one's.
 */
export async function openKeyFile(path: string, options: { create: boolean }): Promise<KeyRing> {
  const existing = await readKeyFile(path)
  if (existing !== undefined) return parseKeyFile(existing)
  if (!options.create) throw unusable('does not exist')
  await createKeyFile(path)
  const created = await readKeyFile(path)
  if (created === undefined) throw unusable('could not be created')
  return parseKeyFile(created)
}

async function readKeyFile(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw unusable('cannot be opened')
  })
  if (file === undefined) return undefined
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > maxBytes) throw unusable('is not a file of at most 64 KiB')
    if ((stats.mode & 0o077) !== 0) throw unusable(`can be read by others: chmod 600 ${path}`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function parseKeyFile(text: string): KeyRing {
  return new KeyRing(parseKeySet(parseJson(text)))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The cause would quote the file.
    throw unusable('is not JSON')
  }
}

/** Written whole under another name, then linked, which fails where another edge was faster. */
async function createKeyFile(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeDraft(draft, `${JSON.stringify(createKeySet(), undefined, 2)}\n`)
    await link(draft, path)
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw unusable(`could not be created (${codeOf(cause) ?? 'unknown'})`)
  } finally {
    await unlink(draft).catch(() => {})
  }
}

async function writeDraft(draft: string, text: string): Promise<void> {
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
