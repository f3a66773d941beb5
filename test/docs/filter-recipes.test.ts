import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { parse } from 'yaml'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

const page = readFileSync(new URL('../../docs/filter.md', import.meta.url), 'utf8')
const [, common = '', ...sections] = page.slice(page.indexOf('\n## Recipes\n')).split(/^(?:## Recipes|### .*)\n/m)
const titles = Array.from(page.matchAll(/^### (?<title>.*)$/gm), ({ groups }) => groups?.['title'] ?? '')

interface Fence {
  readonly language: string
  readonly text: string
}

interface Route {
  readonly methods: readonly string[]
  readonly path: string
  readonly rows: {
    readonly graphql?: { readonly operations: readonly { readonly document: string }[] }
    readonly frames?: unknown
  }
}

interface Message {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

interface Recipe {
  readonly title: string
  readonly route: Route
  /** What the app says, and what reaches the caller. */
  readonly pairs: readonly (readonly [before: string, after: string])[]
}

function fences(section: string): readonly Fence[] {
  return Array.from(section.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gms), ({ groups }) => ({
    language: groups?.['language'] ?? '',
    text: groups?.['text'] ?? '',
  }))
}

/** The parts of a configuration in a section: mappings by their keys, lists are routes. */
function yamlOf(section: string): readonly unknown[] {
  return fences(section)
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => parse(text))
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recipeOf(section: string, index: number): Recipe {
  const title = titles[index] ?? ''
  const [route, ...more] = yamlOf(section).flatMap((value) => (Array.isArray(value) ? (value as Route[]) : []))
  assert.ok(route !== undefined && more.length === 0, title)
  const answers = fences(section).filter(({ language }) => language !== 'yaml')
  assert.ok(answers.length > 0 && answers.length % 2 === 0, title)
  const pairs = Array.from(
    { length: answers.length / 2 },
    (_, i) => [answers[2 * i]?.text ?? '', answers[2 * i + 1]?.text ?? ''] as const,
  )
  return { title, route, pairs }
}

function parseMessage(text: string): Message {
  const [head = '', ...rest] = text.split('\n\n')
  const [start = '', ...lines] = head.split('\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)] as const
  })
  return { status: Number(start.split(' ')[1]), headers: new Map(headers), body: rest.join('\n\n') }
}

/** An app that answers whatever it is told to. */
class Teller {
  readonly server: Server
  readonly #sockets: WebSocketServer
  say = ''

  constructor() {
    this.server = createServer((_request, response) => this.#answer(response))
    this.#sockets = new WebSocketServer({ server: this.server })
    this.#sockets.on('connection', (socket) => socket.send(this.say.trimEnd()))
  }

  #answer(response: ServerResponse): void {
    const { status, headers, body } = parseMessage(this.say)
    response.writeHead(status, Object.fromEntries(headers)).end(body)
  }

  stop(): void {
    for (const client of this.#sockets.clients) client.terminate()
    this.server.close()
    this.server.closeAllConnections()
  }
}

const recipes = sections.map(recipeOf)
const mappings = [common, ...sections].flatMap(yamlOf).filter(isMapping)
const always = { validFrom: undefined, validUntil: undefined }

describe('docs/filter.md', () => {
  const app = new Teller()
  let edge: TestEdge
  let ann: Readonly<Record<string, string>>

  before(async () => {
    app.server.listen(0, '127.0.0.1')
    await once(app.server, 'listening')
    const address = app.server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const datasets = Object.assign({}, ...mappings.map(({ datasets: declared }) => declared))
    edge = await startTestEdge({
      upstream: `http://127.0.0.1:${address.port}`,
      routes: recipes.map(({ route }) => route),
      config: { datasets },
    })
    await edge.store.setGroupsOf('acme', 'id-ann', [])
    for (const grant of mappings.flatMap(({ grants }) => (Array.isArray(grants) ? grants : []))) {
      assert.equal(grant.subject, 'everyone')
      const rest = { actions: ['read' as const], effect: 'permit' as const, ...always }
      await edge.store.putGrant({ ...rest, ...grant, subject: { kind: 'everyone' } })
    }
    ann = { authorization: `Bearer ${await edge.token('ann@acme.example')}` }
  })
  after(async () => {
    await edge?.stop()
    app.stop()
  })

  async function ask({ path, methods, rows }: Route): Promise<Message> {
    const url = edge.url + path.replaceAll('*', '1')
    const document = rows.graphql?.operations[0]?.document
    const asked =
      document === undefined
        ? { method: methods[0] ?? '', headers: ann }
        : {
            method: 'POST',
            headers: { ...ann, 'content-type': 'application/json' },
            body: JSON.stringify({ query: document }),
          }
    const { status, headers, ...answer } = await fetch(url, asked).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      body: await response.text(),
    }))
    return { status, headers: new Map(headers), ...answer }
  }

  async function listen({ path }: Route): Promise<string> {
    const socket = new WebSocket(edge.url.replace('http:', 'ws:') + path, { headers: ann })
    const [message] = (await once(socket, 'message')) as [Buffer]
    socket.terminate()
    return message.toString()
  }

  it('has a recipe for every kind', () => {
    assert.ok(recipes.length >= 13)
    assert.equal(recipes.length, titles.length)
    const declared = new Set(recipes.flatMap(({ route }) => Object.keys(route.rows)))
    for (const kind of ['at', 'events', 'xml', 'csv', 'html', 'graphql', 'frames']) assert.ok(declared.has(kind), kind)
  })

  for (const { title, route, pairs } of recipes)
    it(`tells the truth: ${title}`, async () => {
      for (const [said, expected] of pairs) {
        app.say = said
        if (route.rows.frames !== undefined) {
          assert.equal(await listen(route), expected.trimEnd())
          continue
        }
        const answer = await ask(route)
        const { status, headers, body } = parseMessage(expected)
        assert.equal(answer.body.replace(/"request":"[^"]*"/, '"request":"..."').trimEnd(), body.trimEnd())
        assert.equal(answer.status, status)
        for (const [name, value] of headers) assert.equal(answer.headers.get(name), value, name)
      }
    })

  it('never shows what is not for Ann in what she gets', () => {
    for (const { title, pairs } of recipes)
      for (const [said, expected] of pairs) {
        assert.notEqual(said, expected, title)
        assert.doesNotMatch(expected, /globex|margin/i, title)
      }
  })
})
