import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { type PhpServer, startPhp } from '../support/php.ts'
import { findProgram } from '../support/programs.ts'
import { rawExchange } from '../support/raw-http.ts'

const missing = findProgram('php') === undefined ? ' (skipped: apt-get install php-cli)' : ''

/** What an application in PHP reads headers from, and its rows. */
const script = `<?php
header('Content-Type: application/json');
header('Set-Cookie: sallyport=planted');
if ($_SERVER['REQUEST_URI'] === '/orders') {
  echo json_encode([
    ['id' => 1, 'account' => 'acme', 'entity' => 'A'],
    ['id' => 2, 'account' => 'globex', 'entity' => 'A'],
  ]);
  return true;
}
$seen = array_filter($_SERVER, fn($name) => str_starts_with($name, 'HTTP_'), ARRAY_FILTER_USE_KEY);
echo json_encode(['server' => $seen, 'body' => file_get_contents('php://input'), 'cookies' => $_COOKIE]);
`

/** Every way we know to write a name that CGI, WSGI or PHP would take for ours. */
function spellings(name: string): readonly string[] {
  const separators = ['-', '_', '.', '~', '*', '+', '|', '^', '`', "'", '!', '#', '$', '%', '&']
  const folded = separators.map((separator) => name.replaceAll('-', separator))
  return [...folded, ...folded.map((each) => each.toUpperCase()), name.replace('-', '_'), name.toUpperCase()]
}

const ours = [
  'X-Sallyport-Tenant',
  'X-Sallyport-Account',
  'X-Sallyport-Roles',
  'X-Sallyport-Groups',
  'X-Sallyport-Row-Mask',
  'X-Sallyport-Assertion',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'Remote-User',
]

describe(`an application in PHP${missing}`, { skip: missing !== '' }, () => {
  let php: PhpServer
  let edge: TestEdge
  let token: string

  before(async () => {
    php = await startPhp(script)
    edge = await startTestEdge({ upstream: php.url })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await php?.stop()
  })

  interface Seen {
    readonly server: Readonly<Record<string, string>>
    readonly body: string
    readonly cookies: Readonly<Record<string, string>>
  }

  async function ask(path: string, fields: readonly string[], method = 'GET', body = ''): Promise<Seen> {
    const lines = ['Host: 127.0.0.1', ...fields].map((line) => `${line}\r\n`).join('')
    const exchange = await rawExchange(edge.port, `${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`, {
      timeoutMs: 5000,
      expect: 1,
    })
    const [answer] = exchange.responses
    assert.equal(answer?.status, 200, exchange.raw.toString('latin1'))
    assert.doesNotMatch(exchange.raw.toString('latin1'), /planted/)
    return JSON.parse(answer?.body.toString() ?? '') as Seen
  }

  it('learns from us alone who asks', async () => {
    const { server } = await ask('/app/a', [`Authorization: Bearer ${token}`])
    assert.equal(server.HTTP_X_SALLYPORT_TENANT, 'acme')
    assert.equal(server.HTTP_X_SALLYPORT_ACCOUNT, 'id-dave')
    assert.equal(server.HTTP_X_SALLYPORT_ROLES, 'editor')
    assert.equal(server.HTTP_X_SALLYPORT_GROUPS, 'all')
    assert.equal(server.HTTP_X_FORWARDED_FOR, '127.0.0.1')
    assert.equal(server.HTTP_AUTHORIZATION, undefined)
  })

  for (const name of ours) {
    it(`never sees a forged ${name}, however it is spelt`, async () => {
      const names = spellings(name)
      for (const each of [...names.map((one) => [one]), names.slice(0, 30), [name, name]]) {
        const forged = each.map((one) => `${one}: forged`)
        for (const credential of [[`Authorization: Bearer ${token}`], []]) {
          const path = credential.length === 0 ? '/public/a' : '/app/a'
          const { server } = await ask(path, [...forged, ...credential, 'X-Harmless: kept', ...forged])
          assert.ok(!JSON.stringify(server).includes('forged'), `${each.join(' ')}: ${JSON.stringify(server)}`)
          assert.equal(server.HTTP_X_HARMLESS, 'kept')
          if (credential.length > 0) assert.equal(server.HTTP_X_SALLYPORT_TENANT, 'acme')
          else assert.equal(server.HTTP_X_SALLYPORT_TENANT, undefined)
        }
      }
    })
  }

  it('has its rows filtered, and gets bodies and other cookies as they were sent', async () => {
    const answer = await fetch(`${edge.url}/orders`, { headers: { authorization: `Bearer ${token}` } })
    assert.deepEqual(await answer.json(), [{ id: 1, account: 'acme', entity: 'A' }])
    const sent = ['Content-Length: 9', 'Cookie: theme=dark; sallyport-form=x; __Host-sallyport=y; a=b']
    const { body, cookies } = await ask('/public/a', sent, 'POST', 'some=body')
    assert.equal(body, 'some=body')
    assert.deepEqual(cookies, { theme: 'dark', a: 'b' })
  })
})
