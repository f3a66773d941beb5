import { randomBytes } from 'node:crypto'
import { link, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ProxyError } from '../errors.ts'
import { KeyRing } from './key-ring.ts'
import { createKeySet, type KeySet, parseKeySet, rotateAssertionKeys } from './key-set.ts'

const maxBytes = 65_536
const unusable = (why: string) => new ProxyError('ERR_KEYS_UNUSABLE', `the key file ${why}`)

/**
 * Reads the keys of this installation; a file that others may read is refused. Where `create` and there is none, one is
 * made; of several edges that do so at once, all use the first one's.
 */
export async function openKeyFile(path: string, options: { create: boolean }): Promise<KeyRing> {
  if (options.create && (await readText(path)) === undefined) await createKeyFile(path)
  return new KeyRing(await readKeyFile(path))
}

/** What the key file holds now. Throws `ERR_KEYS_UNUSABLE`. */
export async function readKeyFile(path: string): Promise<KeySet> {
  return parseKeySet(await readJson(path))
}

/** Moves the assertion keys of the file on, and gives what it holds then; a reader sees the old file or the new one. */
export async function rotateKeyFile(path: string, options: { withdraw: boolean }): Promise<KeySet> {
  // A link stays a link, to a file that has changed.
  const file = await realpath(path).catch(() => path)
  const content = rotateAssertionKeys(await readJson(file), options)
  const draft = draftOf(file)
  try {
    await writeDraft(draft, textOf(content), await stat(file))
    await rename(draft, file)
  } catch (cause) {
    throw unusable(`could not be written (${codeOf(cause) ?? 'unknown'})`)
  } finally {
    await unlink(draft).catch(() => {})
  }
  return parseKeySet(content)
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  if (text === undefined) throw unusable('does not exist')
  return parseJson(text)
}

async function readText(path: string): Promise<string | undefined> {
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
  const draft = draftOf(path)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeDraft(draft, textOf(createKeySet()))
    await link(draft, path)
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw unusable(`could not be created (${codeOf(cause) ?? 'unknown'})`)
  } finally {
    await unlink(draft).catch(() => {})
  }
}

const draftOf = (path: string) => `${path}.${randomBytes(8).toString('hex')}`
const textOf = (content: Record<string, unknown>) => `${JSON.stringify(content, undefined, 2)}\n`

/** For its owner only, or for the `owner` of the file that it is to take the place of. */
async function writeDraft(draft: string, text: string, owner?: { uid: number; gid: number }): Promise<void> {
  const file = await open(draft, 'wx', 0o600)
  try {
    if (owner !== undefined && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
