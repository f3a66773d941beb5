import assert from 'node:assert/strict'
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { demoDirectoryFile, readDemoData } from '../../src/cli/demo/demo-config.ts'
import { demoCommands, demoPeople } from '../../src/cli/demo/demo-lines.ts'
import { ordersQuery } from '../../src/cli/demo/legacy-answers.ts'
import { place, start } from '../cli/support.ts'
import { freshDatabase } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { tempFolder } from '../support/temp.ts'

/** The ids of the orders that each may see. */
const expected = {
  ann: [1, 2, 5, 8, 11],
  bob: [13, 14, 16, 19, 22, 23],
  /** In the one company, and in the other. */
  carol: [1, 2, 7, 9, 10, 17, 19, 20, 24],
  /** What Frank owns and shares. */
  gina: [14, 16, 21, 22],
}

const demoYaml = readFileSync(new URL('../../config/demo.yaml', import.meta.url), 'utf8')

interface Kind {
  /** How the number of an order is written. */
  readonly id: RegExp
  /** How often each order is. */
  readonly times?: number
  /** Every byte of the answer; of a stream until the order `last` has come. */
  read(url: string, headers: Readonly<Record<string, string>>, last: number): Promise<string>
}

const file = (path: string) => async (url: string, headers: Readonly<Record<string, string>>) => {
  const answer = await fetch(`${url}/legacy/${path}`, { headers })
  assert.equal(answer.status, 200)
  return answer.text()
}

const inJson = /"id":(?<id>\d+)/g

const kinds: Readonly<Record<string, Kind>> = {
  'JSON lines': { id: inJson, read: file('orders.ndjson') },
  XML: { id: /<order id="(?<id>\d+)"/g, read: file('orders.xml') },
  CSV: { id: /^(?<id>\d+);/gm, read: file('orders.csv') },
  // Once in the table and once in the data of the script.
  HTML: { id: /(?:<td class="id">|"id":)(?<id>\d+)/g, times: 2, read: file('orders.html') },
  'server-sent events': { id: inJson, read: readEvents },
  GraphQL: { id: inJson, read: askGraphql },
  'WebSocket messages': { id: inJson, read: readMessage },
}

async function readEvents(url: string, headers: Readonly<Record<string, string>>, last: number): Promise<string> {
  const stop = new AbortController()
  const answer = await fetch(`${url}/legacy/events`, { headers, signal: stop.signal })
  assert.ok(answer.body !== null)
  let text = ''
  for await (const piece of answer.body) {
    text += Buffer.from(piece).toString()
    if (new RegExp(`"id":${last},.*\\n\\n$`).test(text)) break
  }
  stop.abort()
  return text
}

async function askGraphql(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(`${url}/legacy/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query: ordersQuery }),
  })
  assert.equal(answer.status, 200)
  return answer.text()
}

async function readMessage(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = new WebSocket(`${url.replace('http:', 'ws:')}/legacy/feed`, { headers })
  const [message] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return message.toString()
}

function found(id: RegExp, text: string): readonly number[] {
  return Array.from(text.matchAll(id), ({ groups }) => Number(groups?.['id']))
}

async function bearer(url: string, email: string): Promise<Readonly<Record<string, string>>> {
  const password = demoPeople.find((person) => person.email === email)?.password ?? ''
  const answer = await fetch(`${url}/.sallyport/token`, {
    method: 'POST',
    body: new URLSearchParams({ email, password }),
  })
  const { access_token: token } = (await answer.json()) as { readonly access_token: string }
  return { authorization: `Bearer ${token}` }
}

/** As the program prints them. */
function addressesOf({ lines }: Program) {
  const text = lines.join('\n')
  const at = (name: string) => new RegExp(`^ *${name} +(?<url>http:\\S+)`, 'm').exec(text)?.groups?.['url'] ?? ''
  return { edge: at('edge'), orders: at('sample app'), legacy: at('legacy shop') }
}

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

/** Each printed command does what its title says. */
async function assertDemo(commands: readonly string[]): Promise<void> {
  const answers = await Promise.all(commands.map(shell))
  const [ann = '', bob = '', foreign = '', written = '', carol = '', gina = '', legacy = ''] = answers
  assert.deepEqual(ids(ann), expected.ann)
  assert.doesNotMatch(ann, /margin|globex/)
  assert.deepEqual(ids(bob), expected.bob)
  assert.doesNotMatch(bob, /acme/)
  assert.equal(statusIn(foreign), 404)
  assert.equal(statusIn(written), 403)
  assert.deepEqual(found(/"id":\s*(?<id>\d+)/g, carol), expected.carol)
  assert.deepEqual(ids(gina), expected.gina)
  assert.deepEqual(found(/^(?<id>\d+);/gm, legacy), expected.bob)
}

function statusIn(problem: string): unknown {
  return (JSON.parse(problem) as { readonly status: number }).status
}

async function stopped({ child }: Program): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>
  child.kill('SIGTERM')
  return (await exit)[0]
}

test('the demo prints commands that do what they say, and ends with 0 when it is asked to', async (t) => {
  const program = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
  const commands = program.lines.filter((line) => line.startsWith('  curl ')).map((line) => line.trim())
  assert.equal(commands.length, 7)
  await assertDemo(commands)
  assert.equal(await stopped(program), 0)
})

for (const [name, kind] of Object.entries(kinds))
  test(`the legacy shop gives everything away, and the edge lets each have their own: ${name}`, async (t) => {
    const program = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
    const urls = addressesOf(program)
    const all = await kind.read(urls.legacy, {}, 24)
    assert.deepEqual(new Set(found(kind.id, all)), new Set(Array.from({ length: 24 }, (_, i) => i + 1)))
    assert.match(all, /margin/i)
    const ann = await kind.read(urls.edge, await bearer(urls.edge, 'ann@acme.example'), 11)
    const bob = await kind.read(urls.edge, await bearer(urls.edge, 'bob@globex.example'), 23)
    const times = kind.times ?? 1
    assert.deepEqual(found(kind.id, ann), Array(times).fill(expected.ann).flat())
    assert.deepEqual(found(kind.id, bob), Array(times).fill(expected.bob).flat())
    assert.doesNotMatch(ann, /globex|\b(?:bob|carol|frank)\b/)
    assert.doesNotMatch(bob, /acme|\b(?:ann|dave|eve)\b/)
    await assertWithout(ann, expected.ann)
    await assertWithout(bob, expected.bob)
    assert.doesNotMatch(ann, /margin/i)
    assert.match(bob, /margin/i)
    assert.equal(await stopped(program), 0)
  })

/** No amount of an order that was left out stands anywhere; shorter ones are numbers of a page's style too. */
async function assertWithout(text: string, own: readonly number[]): Promise<void> {
  const { orders } = await readDemoData()
  const visible = new Set(orders.filter(({ id }) => own.includes(Number(id))).map(({ amount }) => amount))
  const hidden = orders.map(({ amount }) => amount).filter((amount) => !visible.has(amount ?? 0))
  const seen = hidden.filter((amount) => String(amount).length > 2 && new RegExp(`\\b${amount}\\b`).test(text))
  assert.deepEqual(seen, [])
}

test('an order of another company and one that there is not get the same answer', async (t) => {
  const program = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
  const { edge } = addressesOf(program)
  const headers = await bearer(edge, 'ann@acme.example')
  const answers = [14, 99].map(async (id) => {
    const answer = await fetch(`${edge}/orders/${id}`, { headers })
    const rest = [...answer.headers].filter(([name]) => name !== 'date')
    return { status: answer.status, rest, text: (await answer.text()).replace(/"request":"[^"]+"/, '') }
  })
  const [foreign, absent] = await Promise.all(answers)
  assert.equal(foreign?.status, 404)
  assert.deepEqual(foreign, absent)
  assert.equal(await stopped(program), 0)
})

test('the same commands on two edges over one PostgreSQL and one Redis', async (t) => {
  const sample = await launch(t, tempFolder(t), ['--port', '0', '--admin-port', '0'], /^Stop/)
  const upstreams = addressesOf(sample)
  const redis = await startRedis()
  const here = place(t)
  await openKeyFile(join(here.folder, 'keys.json'), { create: true })
  const fleet = demoYaml
    .replace('sqlite:data/demo.db', await freshDatabase())
    .replace('memory:', redis.url)
    .replace('data/demo-keys.json', 'keys.json')
    .replace('"${SALLYPORT_DEMO_UPSTREAM}"', upstreams.orders)
    .replace('"${SALLYPORT_DEMO_LEGACY}"', upstreams.legacy)
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
      await assertDemo(demoCommands(addressesOf(edge).edge).map(({ command }) => command))
    }
    for (const edge of edges) assert.equal(await stopped(edge), 0)
  } finally {
    for (const edge of edges) edge.child.kill('SIGKILL')
    await redis.stop()
  }
  assert.equal(await stopped(sample), 0)
})
