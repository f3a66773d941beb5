import { mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from './cli.ts'

const pauseMs = 50
const attempts = 200

/** Lets one process at a time do `work`; a lock whose owner is gone is taken over. Gives up after ten seconds. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  for (let attempt = 0; !(await take(path)); attempt += 1) {
    if (attempt >= attempts) throw new CommandError(`another command holds ${path}`)
    if (await isAbandoned(path)) await unlink(path).catch(() => undefined)
    else await sleep(pauseMs)
  }
  try {
    return await work()
  } finally {
    await unlink(path)
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(String(process.pid))
    await file.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''))
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
