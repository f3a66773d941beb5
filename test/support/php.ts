import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
  const router = join(folder, 'router.php')
  writeFileSync(router, script)
  const port = await freePort()
  const server = spawn(php, ['-n', '-S', `127.0.0.1:${port}`, '-t', folder, router], { stdio: 'ignore' })
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      server.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await once(server, 'spawn')
    await waitForPort(port, () => server.exitCode !== null)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

async function waitForPort(port: number, hasEnded: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !hasEnded(); attempt += 1) {
    if (await accepts(port)) return
    await sleep(25)
  }
  throw new Error('PHP did not start')
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
