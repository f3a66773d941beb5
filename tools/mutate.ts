import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Dice } from '../test/support/dice.ts'
import { testsOf } from './mutation/cover.ts'
import { type Mutant, mutantsOf } from './mutation/mutants.ts'
import { type Fate, Workbench } from './mutation/workbench.ts'

/**
 * Mutation tests: changes one small thing of a file at a time and says which changes no test notices.
 * `node tools/mutate.ts [--files GLOB]... [--sample N] [--seed N] [--jobs N] [--lines A-B] [--list]`
 *
 * - `--files`: what to change; `src/{stages/filter,mask}/**` and `wasm/*` unless told. May stand more than once.
 * - `--sample`: at most so many changes of one file, drawn by `--seed`; all of them unless told.
 * - `--jobs`: how many are tried at a time, each in a copy of its own of this checkout, in the temporary folder.
 * - `--lines`: only changes that begin on these lines.
 * - `--list`: print the changes and try none.
 *
 * Which tests read which file is said in `mutation/cover.ts`. Properties are tried a tenth as often as in the quick
 * run; SALLYPORT_TEST_RUNS says otherwise. A survivor is printed as `file:line: original → mutant`.
 */
const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true, default: ['src/{stages/filter,mask}/**/*.ts', 'wasm/*.ts'] },
    sample: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    lines: { type: 'string', default: '1-Infinity' },
    list: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/u, '')

function chosen(file: string): readonly Mutant[] {
  const [first = 1, last = first] = values.lines.split('-').map(Number)
  const text = readFileSync(`${root}/${file}`, 'utf8')
  const all = mutantsOf(file, text).filter(({ line }) => line >= first && line <= last)
  const dice = new Dice(Number(values.seed))
  while (all.length > Number(values.sample)) all.splice(dice.below(all.length), 1)
  return all
}

async function tryFile(benches: readonly Workbench[], file: string): Promise<void> {
  const mutants = chosen(file)
  const tests = testsOf(file, root)
  for (const test of tests) {
    if (!(await benches[0]?.measure(test))) throw new Error(`${test} fails, and nothing is changed yet`)
  }
  const fates = new Map<Fate, number>()
  const queue = mutants.values()
  const work = async (bench: Workbench): Promise<void> => {
    for (const mutant of queue) {
      const fate = await bench.try(mutant, tests)
      fates.set(fate, (fates.get(fate) ?? 0) + 1)
      if (fate === 'survived') say(describe(mutant))
    }
  }
  await Promise.all(benches.map(work))
  say(`${file}: ${mutants.length} mutants, ${[...fates].map(([fate, count]) => `${count} ${fate}`).join(', ')}`)
}

function describe({ file, line, from, to }: Mutant): string {
  return `${file}:${line}: ${oneLine(from)} → ${oneLine(to)}`
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/gu, ' ').slice(0, 100)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const files = globSync(values.files, { cwd: root })
  .filter((file) => !file.endsWith('.d.ts'))
  .sort()
if (values.list) for (const file of files) for (const mutant of chosen(file)) say(describe(mutant))
else {
  const usualMs = new Map<string, number>()
  const benches = Array.from({ length: Number(values.jobs) }, () => new Workbench(root, usualMs))
  try {
    for (const file of files) await tryFile(benches, file)
  } finally {
    for (const bench of benches) bench.close()
  }
}
