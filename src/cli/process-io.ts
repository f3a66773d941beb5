import type { Io } from './cli.ts'
import { CommandError } from './cli.ts'

/** The world as this process sees it. */
export function processIo(): Io {
  return {
    env: process.env,
    isTerminal: process.stdout.isTTY,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    readInput,
    untilStopped: () => new Promise((resolve) => onStop(resolve)),
    stopSignal: () => {
      const controller = new AbortController()
      onStop(() => controller.abort())
      return controller.signal
    },
  }
}

/** A second signal is not ours any more: it ends the process at once. */
function onStop(listener: () => void): void {
  const once = () => {
    process.removeListener('SIGINT', once)
    process.removeListener('SIGTERM', once)
    listener()
  }
  process.on('SIGINT', once)
  process.on('SIGTERM', once)
}

async function readInput(maxBytes: number): Promise<string> {
  // Whoever sits at a terminal must not wonder what is waited for; a pipe needs no word.
  if (process.stdin.isTTY) process.stderr.write('reading standard input (shown as you type); Enter and Ctrl-D end it\n')
  const chunks: Buffer[] = []
  let bytes = 0
  process.stdin.setEncoding('latin1')
  for await (const chunk of process.stdin) {
    const buffer = Buffer.from(String(chunk), 'latin1')
    bytes += buffer.length
    if (bytes > maxBytes) throw new CommandError(`standard input is longer than ${maxBytes} bytes`)
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
