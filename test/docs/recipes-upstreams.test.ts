import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startChildServer } from '../support/child-server.ts'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { findProgram, pythonModule } from '../support/programs.ts'
import { freePort } from '../support/redis.ts'
import { type AssertionKeys, assertionKeysOf, claimsFor, forgeries, sign } from './forged-assertions.ts'

const page = readFileSync(new URL('../../docs/upstreams.md', import.meta.url), 'utf8')
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
const python = '/usr/bin/python3'

/** The files of the page: fences whose language is followed by a name. */
const files = new Map(
  Array.from(page.matchAll(/^```\w+ (?<name>\S+)\n(?<text>.*?)^```$/gms), ({ groups }) => [
    groups?.['name'] ?? '',
    groups?.['text'] ?? '',
  ]),
)

interface Place {
  readonly folder: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

/** How one recipe is run; the function that it gives stops it. */
interface Recipe {
  readonly id: string
  readonly title: string
  /** Debian packages that are not here. */
  readonly missing: string
  readonly bound: boolean
  readonly start: (place: Place) => Promise<() => Promise<void>>
}

function missingPackages(...wanted: readonly (readonly [isHere: boolean, name: string])[]): string {
  return wanted.flatMap(([isHere, name]) => (isHere ? [] : [name])).join(' ')
}

const run =
  (command: string, ...args: readonly string[]) =>
  ({ folder, port, env }: Place) =>
    startChildServer(command, args, { cwd: folder, env, port })

/** `wsgiref` serves one application of a module. */
const serveWsgi = (expression: string) =>
  `import os, wsgiref.simple_server as server; ${expression}; ` +
  `server.make_server("127.0.0.1", int(os.environ["PORT"]), app).serve_forever()`

const plainWsgi = `from sallyport import Sallyport
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [('{"account":"%s","tenant":"%s"}' % (environ["REMOTE_USER"], environ["sallyport.caller"]["tenant"])).encode()]
app = Sallyport(hello)
`

const pyjwt = [existsSync(pythonModule('jwt')), 'python3-jwt'] as const

const recipes: readonly Recipe[] = [
  { id: 'express', title: 'Express', missing: '', bound: true, start: run(process.execPath, 'express.mjs') },
  {
    id: 'wsgi',
    title: 'WSGI',
    missing: missingPackages(pyjwt),
    bound: false,
    start: (place) => {
      writeFileSync(join(place.folder, 'plain.py'), plainWsgi)
      return run(python, '-Bc', serveWsgi('from plain import app'))(place)
    },
  },
  {
    id: 'flask',
    title: 'Flask',
    missing: missingPackages(pyjwt, [existsSync(pythonModule('flask')), 'python3-flask']),
    bound: false,
    start: run(python, '-Bc', serveWsgi('from flask_app import app')),
  },
  {
    id: 'php',
    title: 'PHP',
    missing: missingPackages([findProgram('php') !== undefined, 'php-cli']),
    bound: false,
    start: (place) => run('php', '-n', '-S', `127.0.0.1:${place.port}`, join(place.folder, 'index.php'))(place),
  },
  {
    id: 'java',
    title: 'Java',
    missing: missingPackages([findProgram('javac') !== undefined, 'default-jdk-headless']),
    bound: false,
    start: run('java', '-XX:TieredStopAtLevel=1', '-Xshare:auto', 'Upstream.java'),
  },
  {
    id: 'nginx',
    title: 'nginx',
    missing: missingPackages([findProgram('nginx', '/usr/sbin') !== undefined, 'nginx-light']),
    bound: false,
    start: startNginx,
  },
]

/** The site of the page, its ports exchanged, before an app that says what nginx told it. */
async function startNginx({ folder, port, env }: Place): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of stops.toReversed()) await each()
  }
  try {
    const app = await startEcho()
    stops.push(() => app.close())
    tellAccounts(app)
    const verifier = await freePort()
    const args = ['verifier.mjs']
    stops.push(
      await startChildServer(process.execPath, args, {
        cwd: folder,
        env: { ...env, PORT: String(verifier) },
        port: verifier,
      }),
    )
    const site = (files.get('site.conf') ?? '')
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:9180', `127.0.0.1:${verifier}`)
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${app.port}`)
    writeFileSync(join(folder, 'nginx.conf'), nginxConf(folder, site))
    const nginx = findProgram('nginx', '/usr/sbin') ?? 'nginx'
    stops.push(await startChildServer(nginx, ['-p', folder, '-c', 'nginx.conf'], { cwd: folder, port }))
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}

function nginxConf(folder: string, site: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${folder}/t-${each};`,
  )
  return `daemon off; pid ${folder}/nginx.pid; error_log stderr; worker_processes 1; events {}
http { access_log off; ${paths.join(' ')}
${site} }`
}

function tellAccounts(app: EchoUpstream): void {
  app.respond((request, socket) => {
    const [account, tenant] = ['remote-user', 'x-sallyport-tenant'].map((name) => request.values(name).join())
    const ours = request.headers.filter(([name]) => /sallyport|remote/i.test(name)).map(([name]) => name.toLowerCase())
    const body = JSON.stringify({ account, tenant, told: ours.toSorted() })
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\ncontent-type: application/json\r\n\r\n${body}`)
  })
}

const claims = (id: string) => claimsFor(id, `/${id}/direct`)

const present = recipes.filter(({ missing }) => missing === '')

describe('the recipes of docs/upstreams.md', () => {
  const ports = new Map<string, number>()
  const stops: (() => Promise<void>)[] = []
  let edge: TestEdge
  let authorization: string
  let keys: AssertionKeys

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-recipes-'))
    stops.push(() => rm(folder, { recursive: true }))
    for (const { id } of present) ports.set(id, await freePort())
    edge = await startTestEdge({ upstream: 'http://127.0.0.1:1', config: { apps: appsOf(ports) } })
    stops.push(() => edge.stop())
    const started = present.map((recipe) => recipe.start(placeOf(recipe, folder, edge.url)))
    for (const result of await Promise.allSettled(started)) {
      if (result.status === 'rejected') throw result.reason
      stops.push(result.value)
    }
    authorization = `Bearer ${await edge.token('dave@acme.example')}`
    keys = await assertionKeysOf(edge)
  })
  after(async () => {
    for (const stop of stops.toReversed()) await stop()
  })

  function placeOf({ id }: Recipe, parent: string, edgeUrl: string): Place {
    const folder = join(parent, id)
    mkdirSync(folder)
    symlinkSync(modules, join(folder, 'node_modules'))
    for (const [name, text] of files) writeFileSync(join(folder, name), text)
    const port = ports.get(id) ?? 0
    return {
      folder,
      port,
      env: {
        PORT: String(port),
        SALLYPORT_ISSUER: 'http://127.0.0.1:8080',
        SALLYPORT_APP: id,
        SALLYPORT_KEYS: `${edgeUrl}/.sallyport/jwks.json`,
        SALLYPORT_CACHE: join(folder, 'keys.cache'),
      },
    }
  }

  const direct = (id: string, token: string | undefined, headers: Record<string, string> = {}, path = 'direct') =>
    fetch(`http://127.0.0.1:${ports.get(id)}/${id}/${path}`, {
      headers: { ...headers, ...(token === undefined ? {} : { 'x-sallyport-assertion': token }) },
    })

  for (const { id, title, missing, bound } of recipes) {
    const reason = missing === '' ? '' : ` (skipped: apt-get install ${missing})`
    describe(`${title}${reason}`, { skip: missing !== '' }, () => {
      it('knows who asks through the edge', async () => {
        for (const path of ['hello', 'a%20b/c?d=%C3%96&e'])
          assert.deepEqual(await accountOf(await fetch(`${edge.url}/${id}/${path}`, { headers: { authorization } })), [
            'id-dave',
            'acme',
          ])
      })

      it('says 401 to all that goes round the edge, but for what only the edge could have said', async () => {
        const refused: (readonly [string, number])[] = []
        const forged = await forgeries(claims(id), keys)
        for (const [what, token] of forged) refused.push([what, (await direct(id, token)).status])
        assert.deepEqual(
          refused,
          forged.map(([what]) => [what, 401]),
        )
        assert.deepEqual(await accountOf(await direct(id, await sign(claims(id), keys))), ['id-dave', 'acme'])
      })

      if (bound)
        it('takes no statement about another request', async () => {
          const token = await sign(claims(id), keys)
          for (const path of ['other', 'direct?x', 'direct/'])
            assert.equal((await direct(id, token, {}, path)).status, 401)
          assert.equal((await direct(id, token, {}, 'direct?')).status, 200)
        })

      if (id === 'nginx')
        it('tells the app what was verified and nothing else', async () => {
          const headers = { 'remote-user': 'root', 'x-sallyport-tenant': 'globex', 'x-sallyport-roles': 'admin' }
          const answer = await direct(id, await sign(claims(id), keys), headers)
          const told = ['remote-user', 'x-sallyport-account', 'x-sallyport-tenant']
          assert.deepEqual(await answer.json(), { account: 'id-dave', tenant: 'acme', told })
        })
    })
  }

  it('are on the page, each under its name', () => {
    const names = ['express.mjs', 'sallyport.py', 'flask_app.py', 'sallyport.php', 'index.php', 'Upstream.java']
    assert.deepEqual([...files.keys()], [...names, 'verifier.mjs', 'site.conf'])
  })
})

async function accountOf(answer: Response): Promise<readonly unknown[]> {
  assert.equal(answer.status, 200)
  const { account, tenant } = (await answer.json()) as { account: unknown; tenant: unknown }
  return [account, tenant]
}

function appsOf(ports: ReadonlyMap<string, number>): readonly unknown[] {
  return recipes
    .filter(({ id }) => ports.has(id))
    .map(({ id, bound }) => ({
      id,
      match: { hosts: ['127.0.0.1'], path: `/${id}` },
      upstreams: [`http://127.0.0.1:${ports.get(id)}`],
      identity: { assertion: bound ? 'bound' : true },
      routes: [{ methods: ['GET'], path: `/${id}/**`, access: 'member' }],
    }))
}
