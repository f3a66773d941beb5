#!/usr/bin/env node
import process from 'node:process'
import type { StartEdge } from './cli/cli.ts'

const leastNode = 26
/** What may linger after the work is done, such as a connection that nobody waits for. */
const lingerMs = 2000

/** Loaded when it is needed: most commands never open a socket. */
const startEdge: StartEdge = async (config, options) => (await import('./app.ts')).startEdge(config, options)

/** Older ones that strip types get this far; still older ones cannot read the file at all. */
async function main(): Promise<number> {
  if (Number(process.versions.node.split('.', 1)[0]) < leastNode) {
    process.stderr.write(
      `sallyport: needs Node.js ${leastNode} or newer and this is ${process.version}; npm start brings its own\n`,
    )
    return 2
  }
  const [{ runCli }, { processIo }] = await Promise.all([import('./cli/run-cli.ts'), import('./cli/process-io.ts')])
  return runCli(process.argv.slice(2), { io: processIo(), startEdge })
}

// Whoever reads our output has had enough (`| head`).
process.stdout.on('error', () => process.exit(0))
process.exitCode = await main()
setTimeout(() => process.exit(), lingerMs).unref()
