import assert from 'node:assert/strict'
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { demoDirectoryFile } from '../../src/cli/demo/demo-config.ts'
import { demoCommands } from '../../src/cli/demo/demo-lines.ts'
import { place, start } from '../cli/support.ts'
import { freshDatabase } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { tempFolder } from '../support/temp.ts'

/** The ids each command of the demo brings back; the third is refused. */
const expected = { ann: [1, 2, 5, 8, 11], bob: [13, 14, 16, 19, 22, 23] }

const demoYaml = readFileSync(new URL('../../config/demo.yaml', import.meta.url), 'utf8')

interface Program {
  readonly child: ChildProcess
  readonly lines: readonly string[]
}

/** Starts the real program and waits for the line that says it is there. */
async function launch(t: TestContext, folder: string, args: readonly string[], ready: RegExp): Promise<Program> {
  const child = start(t, folder, args)
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended with ${code} after: ${lines.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (ready.test(line)) resolve()
    })
  })
  return { child, lines }
}

function shell(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('bash', ['-c', command], { timeout: 30_000 }, (error, out) => (error ? reject(error) : resolve(out)))
  })
}

function ids(text: string): readonly number[] {
  const rows = JSON.parse(text) as { readonly id: number }[]
  return rows.map(({ id }) => id)
}

async function stopped({ child }: Program): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>
  child.kill('SIGTERM')
  return (await exit)[0]
}

test('the demo prints commands that do what they say, and ends with 0 when it is asked to', async (t) => {
  const program = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
  const commands = program.lines.filter((line) => line.startsWith('  curl ')).map((line) => line.trim())
  assert.equal(commands.length, 3)
  const [ann = '', bob = '', foreign = ''] = await Promise.all(commands.map(shell))
  assert.deepEqual(ids(ann), expected.ann)
  assert.doesNotMatch(ann, /margin|globex/)
  assert.deepEqual(ids(bob), expected.bob)
  assert.doesNotMatch(bob, /acme/)
  assert.equal((JSON.parse(foreign) as { status: number }).status, 404)
  assert.equal(await stopped(program), 0)
})

test('the same commands on two edges over one PostgreSQL and one Redis', async (t) => {
  const sample = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
  const upstream = sample.lines.join('\n').match(/sample app +(?<url>http:\S+)/)?.groups?.['url'] ?? ''
  const redis = await startRedis()
  const here = place(t)
  await openKeyFile(join(here.folder, 'keys.json'), { create: true })
  const fleet = demoYaml
    .replace('sqlite:data/demo.db', await freshDatabase())
    .replace('memory:', redis.url)
    .replace('data/demo-keys.json', 'keys.json')
    .replace('"${SALLYPORT_DEMO_UPSTREAM}"', upstream)
  const edges: Program[] = []
  try {
    for (const name of ['one', 'two']) {
      writeFileSync(join(here.folder, `${name}.yaml`), fleet.replace('data/demo-audit.jsonl', `${name}.jsonl`))
    }
    for (const args of [['migrate'], ['apply', '-f', demoDirectoryFile]]) {
      const done = await here.run(...args, '--config', 'one.yaml')
      assert.equal(done.code, 0, done.err)
    }
    for (const name of ['one', 'two']) {
      const args = ['serve', '--config', `${name}.yaml`, '--port', '0', '--admin-port', '0']
      edges.push(await launch(t, here.folder, args, /^admin/))
    }
    for (const edge of edges) {
      const url = edge.lines.join('\n').match(/^edge +(?<url>http:\S+)/m)?.groups?.['url'] ?? ''
      const [ann = '', bob = '', foreign = ''] = await Promise.all(
        demoCommands(url).map(({ command }) => shell(command)),
      )
      assert.deepEqual(ids(ann), expected.ann)
      assert.deepEqual(ids(bob), expected.bob)
      assert.equal((JSON.parse(foreign) as { status: number }).status, 404)
    }
    for (const edge of edges) assert.equal(await stopped(edge), 0)
  } finally {
    for (const edge of edges) edge.child.kill('SIGKILL')
    await redis.stop()
  }
  assert.equal(await stopped(sample), 0)
})
