import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'

export type Fate = 'killed' | 'timed out' | 'survived' | 'does not compile'

const maxMs = 60_000
const left = new Set(['node_modules', '.git', 'coverage'])

/** A copy of the checkout in which one mutant at a time is tried. */
export class Workbench {
  readonly #root: string
  /** By test file: how long it takes where nothing is wrong. */
  readonly #usualMs: Map<string, number>

  constructor(source: string, usualMs: Map<string, number>) {
    this.#usualMs = usualMs
    this.#root = mkdtempSync(join(tmpdir(), 'sallyport-mutate-'))
    const filter = (path: string): boolean => !left.has(path.slice(source.length).replace(/^\//u, ''))
    cpSync(source, this.#root, { recursive: true, filter })
    symlinkSync(join(source, 'node_modules'), join(this.#root, 'node_modules'))
  }

  /** Runs a test as it is, to know that it passes and how long it takes. */
  async measure(test: string): Promise<boolean> {
    if (this.#usualMs.has(test)) return true
    const begun = performance.now()
    const passed = (await run(this.#root, testing(test), maxMs)) === 'passed'
    if (passed) this.#usualMs.set(test, performance.now() - begun)
    return passed
  }

  async try(mutant: Mutant, tests: readonly string[]): Promise<Fate> {
    const path = join(this.#root, mutant.file)
    const text = readFileSync(path)
    writeFileSync(
      path,
      Buffer.concat([text.subarray(0, mutant.start), Buffer.from(mutant.to), text.subarray(mutant.end)]),
    )
    try {
      return await this.#judge(mutant, tests)
    } finally {
      writeFileSync(path, text)
    }
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #judge({ file }: Mutant, tests: readonly string[]): Promise<Fate> {
    const isCompiled = file.startsWith('wasm/')
    if (isCompiled && (await run(this.#root, ['tools/build-wasm.ts'], maxMs)) !== 'passed') return 'does not compile'
    for (const test of tests) {
      const outcome = await run(this.#root, testing(test), 4 * (this.#usualMs.get(test) ?? maxMs) + 5000)
      if (outcome !== 'passed') return outcome === 'failed' ? 'killed' : 'timed out'
    }
    return 'survived'
  }
}

function testing(test: string): readonly string[] {
  return ['--test', '--test-isolation=none', '--test-force-exit', '--test-reporter=tap', test]
}

/** The first failure ends it: what the rest would say changes nothing. */
function run(cwd: string, args: readonly string[], limitMs: number): Promise<'passed' | 'failed' | 'timed out'> {
  const env: NodeJS.ProcessEnv = { SALLYPORT_TEST_RUNS: '0.1', ...process.env }
  delete env.NODE_TEST_CONTEXT
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
  const { promise, resolve, reject } = Promise.withResolvers<'passed' | 'failed' | 'timed out'>()
  let stopped: 'failed' | 'timed out' | undefined
  const stop = (why: 'failed' | 'timed out'): void => {
    stopped ??= why
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => stop('timed out'), limitMs)
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said = said.slice(-20) + chunk.toString('latin1')
    if (/^ *not ok /mu.test(said)) stop('failed')
  })
  child.once('error', reject)
  child.once('close', (code) => {
    clearTimeout(timer)
    resolve(stopped ?? (code === 0 ? 'passed' : 'failed'))
  })
  return promise
}
