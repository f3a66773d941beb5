import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChildServer } from './child-server.ts'
import { findProgram } from './programs.ts'
import { freePort } from './redis.ts'

export interface PhpServer {
  readonly url: string
  stop(): Promise<void>
}

/** PHP's own web server with this script as its router; it folds header names as CGI does. */
export async function startPhp(script: string): Promise<PhpServer> {
  const php = findProgram('php')
  if (php === undefined) throw new Error('PHP is missing: apt-get install php-cli')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-php-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const router = join(folder, 'router.php')
  writeFileSync(router, script)
  const port = await freePort()
  try {
    const args = ['-n', '-S', `127.0.0.1:${port}`, '-t', folder, router]
    const end = await startChildServer(php, args, { cwd: folder, port })
    return { url: `http://127.0.0.1:${port}`, stop: () => end().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}
