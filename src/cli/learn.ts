import { writeFile } from 'node:fs/promises'
import { bodyKind } from '../stages/filter/body-kind.ts'
import { type Arguments, readArguments } from './arguments.ts'
import { type Command, CommandError, UsageError } from './cli.ts'
import { responseType } from './explain/response-type.ts'
import type { Findings } from './learn/findings.ts'
import { openApiDocument } from './learn/openapi-document.ts'
import { openApiFindings } from './learn/openapi-operations.ts'
import { learnedPattern } from './learn/path-text.ts'
import { proposalYaml } from './learn/proposal-yaml.ts'
import { Datasets } from './learn/propose-datasets.ts'
import { proposeRoutes } from './learn/propose-routes.ts'
import { type FoundFile, findFiles, readBounded } from './learn/read-files.ts'
import { RecordedAnswers } from './learn/recorded-answers.ts'
import { addHar } from './learn/recorded-har.ts'
import { count } from './print.ts'

const options = { openapi: 'text', answers: 'list', dataset: 'text', 'tenant-field': 'text', out: 'text' } as const
const mostWords = 1000

export const learn: Command = {
  name: 'learn',
  summary: 'propose datasets and routes for an app that is there already',
  usage: `sallyport learn --openapi FILE | --answers FILE|FOLDER...  [--dataset NAME] [--tenant-field NAME] [--out FILE]

Reads what describes an app and writes a configuration to review: where rows stand, which fields they have, which
field might say whose row it is. Every guess carries a comment. What is not understood is listed, and stays shut.

  --openapi F         OpenAPI 3.0, 3.1 or Swagger 2.0, as JSON or YAML; other files it refers to are not read
  --answers F...      answers that were recorded: .json .ndjson .jsonl .xml .csv .html, or .har; folders are searched.
                      A file's place below its folder is taken for its path: api/orders.json for /api/orders
  --dataset NAME      only routes with rows of this dataset
  --tenant-field N    the field that names the tenant, where rows have it
  --out FILE          write it there; never over a file that is there already

No value of a recorded answer is ever written, only how many different ones there are.`,
  async run(args, { io }) {
    const given = readArguments(args, { options, words: Array.from({ length: mostWords }, () => 'FILE?') })
    const text = propose(await findingsOf(given), given)
    const out = given.text('out')
    if (out === undefined) io.out(text.trimEnd())
    else await writeNew(out, text)
    if (out !== undefined) io.out(`${out}: written; read it, then: sallyport check --config ${out}`)
    return 0
  },
}

async function findingsOf(given: Arguments): Promise<Findings> {
  const openapi = given.text('openapi')
  const words = Array.from({ length: mostWords }, (_, i) => given.word(i) ?? []).flat()
  const answers = [...(given.list('answers') ?? []), ...words]
  if ((openapi === undefined) === (given.list('answers') === undefined))
    throw new UsageError('either --openapi FILE or --answers FILE... says what to learn from')
  if (openapi === undefined) return recordedFindings(answers)
  if (words.length > 0) throw new UsageError(`unexpected argument: ${words[0] ?? ''}`)
  return openApiFindings(openApiDocument(await readBounded(openapi), openapi), openapi)
}

async function recordedFindings(names: readonly string[]): Promise<Findings> {
  const recorded = new RecordedAnswers()
  const servers = new Set<string>()
  const files = await findFiles(names)
  if (files.length === 0) throw new UsageError('no files there')
  let read = 0
  for (const found of files) {
    if (/\.har$/i.test(found.file)) {
      for (const origin of addHar(await readBounded(found.file), found.file, recorded)) servers.add(origin)
    } else if (!(await addAnswer(found, recorded))) continue
    read++
  }
  return recorded.findings(count(read, 'recorded file'), [...servers])
}

async function addAnswer({ file, place }: FoundFile, recorded: RecordedAnswers): Promise<boolean> {
  const kind = kindOf(file)
  if (kind === undefined || kind === 'other' || kind === 'none') {
    recorded.skip(`${place}: its name does not tell what kind of answer it is`)
    return false
  }
  const path = learnedPattern(`/${place.replace(/\.[A-Za-z]+$/, '').replace(/(^|\/)index$/, '')}`)
  recorded.add('GET', path, kind, await readBounded(file))
  recorded.note('GET', path, "guess: method and path come from the file's name")
  return true
}

function kindOf(file: string) {
  try {
    return bodyKind([responseType(file, undefined)])
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

function propose(findings: Findings, given: Arguments): string {
  const datasets = new Datasets(findings, given.text('tenant-field'))
  const notes: string[] = []
  const wanted = given.text('dataset')
  const all = proposeRoutes(findings, datasets, notes)
  const routes = all.filter(({ dataset }) => wanted === undefined || dataset.name === wanted)
  if (wanted !== undefined && routes.length === 0) throw new UsageError(noDataset(wanted, datasets))
  if (routes.length === 0)
    throw new CommandError(`nothing to propose: no rows were found${notes.length === 0 ? '' : ` (${notes[0] ?? ''})`}`)
  const used = datasets.all.filter((dataset) => routes.some((route) => route.dataset === dataset))
  return proposalYaml({ findings, datasets: used, routes, notes })
}

function noDataset(wanted: string, { all }: Datasets): string {
  return `no rows of a dataset ${wanted} were found; found: ${all.map(({ name }) => name).join(', ') || 'none'}`
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EEXIST') throw new UsageError(`${file}: is there already`, { cause })
    throw new UsageError(`${file}: cannot be written (${String(code)})`, { cause })
  }
}
