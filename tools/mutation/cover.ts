import { globSync } from 'node:fs'
import { basename } from 'node:path'

const filter = 'test/stages/filter/'
const masks = 'test/property/filter-masks.test.ts'
const core = [
  `${filter}core/*.test.ts`,
  `${filter}rows-json.test.ts`,
  'test/property/filter-json.test.ts',
  masks,
  'test/property/core-chunks.test.ts',
]

/** The first that fits says which tests read a file; the test of the same name comes before them. */
const covers: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\/(?:rows-)?csv/u, [`${filter}rows-csv*.test.ts`, 'test/property/filter-csv.test.ts']],
  [/\/event/u, [`${filter}events*.test.ts`, 'test/property/filter-events.test.ts']],
  [/\/(?:rows-)?xml/u, [`${filter}rows-xml*.test.ts`, 'test/property/filter-xml.test.ts']],
  [/\/html/u, [`${filter}html*.test.ts`, 'test/property/filter-html.test.ts']],
  [/\/frames/u, [`${filter}frames*.test.ts`]],
  [/^wasm\/|\/core\//u, core],
  [/\/rows-json-lines/u, [`${filter}rows-json*.test.ts`, 'test/property/filter-json.test.ts']],
  [/\/text-value/u, [`${filter}rows-{csv,xml}*.test.ts`, `${filter}html*.test.ts`, 'test/property/filter-csv.test.ts']],
  [
    /filter\/(?:answer|body-kind|canary|content-coding|filter-|open-filter)/u,
    [`${filter}{filter,answer,body,canary,content}*.test.ts`, 'test/edge/answer-rules.test.ts'],
  ],
  [/\/stages\/filter\//u, [`${filter}rows-json*.test.ts`, `${filter}row-values*.test.ts`, ...core]],
  [/\/mask\//u, ['test/mask/**/*.test.ts', 'test/stages/mask/*.test.ts', 'test/property/mask-language.test.ts', masks]],
]

/** The test files that may notice a change of this one, those most likely to first. */
export function testsOf(file: string, root: string): readonly string[] {
  const name = basename(file, '.ts')
  const own = globSync([`test/**/${name}.test.ts`, `test/**/${name}-*.test.ts`], { cwd: root }).sort()
  const cover = covers.find(([pattern]) => pattern.test(file))?.[1] ?? []
  const rest = cover.flatMap((pattern) => globSync(pattern, { cwd: root }).sort())
  return [...new Set([...own, ...rest])]
}
