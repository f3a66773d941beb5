import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { toJsonSchema, toReference } from '../src/config/generate.ts'
import { root } from '../src/config/schema-node.ts'

const base = new URL('..', import.meta.url)
const files = new Map([
  ['config/sallyport.schema.json', toJsonSchema(root)],
  ['docs/configuration.md', toReference(root)],
])

/** Names of the files that do not say what the schema says. */
async function outOfStep(): Promise<readonly string[]> {
  const late: string[] = []
  for (const [name, wanted] of files) {
    const actual = await readFile(new URL(name, base), 'utf8').catch(() => undefined)
    if (actual !== wanted) late.push(name)
  }
  return late
}

const late = await outOfStep()
if (process.argv.includes('--check')) {
  for (const name of late) process.stderr.write(`${name} is out of step: run node tools/generate.ts\n`)
  process.exitCode = late.length > 0 ? 1 : 0
} else {
  for (const name of late) {
    const file = new URL(name, base)
    await mkdir(new URL('.', file), { recursive: true })
    await writeFile(file, files.get(name) ?? '')
    process.stdout.write(`${name} written\n`)
  }
}
