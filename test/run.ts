import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { missingServices, providePrograms } from './support/programs.ts'

/**
 * The whole of `npm test`: `node test/run.ts [--long] [files or globs]`.
 * One process runs every file, in a random order; the exit code is the test runner's.
 */
async function main(args: readonly string[]): Promise<number> {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 26) return complain(`the tests need Node 26 and this is ${process.version}: run them with \`npm test\``)
  const services = providePrograms(missingServices(), say)
  if (services !== undefined) return complain(services)
  process.chdir(fileURLToPath(new URL('..', import.meta.url)))
  const patterns = args.filter((argument) => argument !== '--long')
  const files = globSync(patterns.length === 0 ? ['test/**/*.test.ts'] : patterns).sort()
  if (files.length === 0) return complain(`no test file matches ${patterns.join(' ')}`)
  return runTests(files, args.includes('--long'))
}

async function runTests(files: readonly string[], long: boolean): Promise<number> {
  const flags = ['--test', '--test-isolation=none', '--test-randomize', '--test-timeout=180000', '--test-reporter=spec']
  const env: NodeJS.ProcessEnv = { ...process.env, ...(long ? { SALLYPORT_TEST_LONG: '1' } : {}) }
  // Set where this runs inside another run, and would make the runner below do nothing.
  delete env.NODE_TEST_CONTEXT
  const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  // Death by a signal has no exit code, and is no success.
  child.once('close', (code) => resolve(code ?? 1))
  return promise
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function complain(line: string): number {
  process.stderr.write(`${line}\n`)
  return 2
}

process.exitCode = await main(process.argv.slice(2))
