import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { UsageError } from '../cli.ts'

const maxBytes = 67_108_864
const maxFiles = 1000
const maxDepth = 8

/** A file that is there and not too long, as text. */
export async function readBounded(file: string): Promise<string> {
  const size = await sizeOf(file)
  if (size > maxBytes) throw new UsageError(`${file}: is longer than ${maxBytes} bytes`)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => Promise.reject(unreadable(file, cause)))
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: unknown) => Promise.reject(unreadable(file, cause)))
  if (found.isDirectory()) throw new UsageError(`${file}: is a folder`)
  if (!found.isFile()) throw new UsageError(`${file}: is no file`)
  return found.size
}

export interface FoundFile {
  readonly file: string
  /** Below the folder that was named, with `/`; for a file that was named itself, its own name. */
  readonly place: string
}

/** The files that `names` stand for: themselves, or everything below a folder. */
export async function findFiles(names: readonly string[]): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = []
  const visit = async (base: string, folder: string, depth: number): Promise<void> => {
    if (depth > maxDepth) return
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = join(folder, entry.name)
      if (entry.isDirectory()) await visit(base, file, depth + 1)
      else if (entry.isFile()) found.push({ file, place: relative(base, file).replaceAll('\\', '/') })
      if (found.length > maxFiles) throw new UsageError(`more than ${maxFiles} files`)
    }
  }
  for (const name of names) {
    const about = await stat(name).catch((cause: unknown) => Promise.reject(unreadable(name, cause)))
    if (about.isDirectory()) await visit(name, name, 0)
    else found.push({ file: name, place: name.split(/[/\\]/).at(-1) ?? name })
  }
  return found
}

function unreadable(file: string, cause: unknown): UsageError {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return new UsageError(code === 'ENOENT' ? `${file}: no such file` : `${file}: cannot be read (${String(code)})`, {
    cause,
  })
}
