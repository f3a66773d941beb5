import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { injectQuery } from '../../../../src/stages/forward/inject/inject-query.ts'
import { dropParameterCookies, dropParameterFields } from '../../../../src/stages/forward/inject/set-parameters.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { type PhpServer, startPhp } from '../../../support/php.ts'
import { findProgram } from '../../../support/programs.ts'
import { rawExchange } from '../../../support/raw-http.ts'
import { noAttributes, set } from './support.ts'

const missing = findProgram('php') === undefined ? ' (skipped: apt-get install php-cli)' : ''

const script = `<?php
header('Content-Type: application/json');
echo json_encode(['get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE, 'request' => $_REQUEST]);
`

interface Seen {
  readonly get: Readonly<Record<string, unknown>>
  readonly post: Readonly<Record<string, unknown>>
  readonly cookie: Readonly<Record<string, unknown>>
  readonly request: Readonly<Record<string, unknown>>
}

const injections = [set({ tenant_id: 'acme' })]

/** Names that PHP takes for tenant_id in a query string. */
const forPhp = [
  'tenant_id',
  'tenant.id',
  'tenant+id',
  'tenant%20id',
  'tenant[id',
  'tenant%5Bid',
  '%74enant_id',
  '+tenant_id',
  '%20+tenant.id',
  'tenant_id[]',
  'tenant.id[x][y]',
  'tenant_id%00x',
  'tenant%2Eid%00[]',
]
/** And some that others do. */
const forOthers = [
  'TENANT_ID',
  'Tenant.Id[]',
  '[tenant_id]',
  'tenant_id]',
  '?tenant_id',
  '%0Atenant_id',
  'x%26tenant_id',
]

describe(`an application in PHP beside a set parameter${missing}`, { skip: missing !== '' }, () => {
  let php: PhpServer
  before(async () => {
    php = await startPhp(script)
  })
  after(async () => {
    await php?.stop()
  })

  async function ask(query: string, cookie: string | undefined, form: Buffer): Promise<Seen> {
    const head = [
      `POST /a.php${query} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}`,
      ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ]
    const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), form])
    const { responses } = await rawExchange(Number(new URL(php.url).port), bytes, { timeoutMs: 5000, expect: 1 })
    const text = responses[0]?.body.toString() ?? ''
    // PHP may warn first.
    return JSON.parse(text.slice(text.indexOf('{'))) as Seen
  }

  for (const name of forPhp)
    it(`would take ${name} for tenant_id`, async () => {
      const { get } = await ask(`?${name}=globex`, undefined, Buffer.from(''))
      assert.notEqual(get['tenant_id'], undefined)
    })

  for (const name of [...forPhp, ...forOthers])
    it(`sees our value alone in the real $_GET, $_POST and $_REQUEST, where the client sends ${name}`, async () => {
      const sent = `a=1&${name}=globex&b=2&${name}=globex`
      const query = injectQuery(`?${sent}`, injections, undefined, noAttributes, nothingWithheld)
      const cookie = dropParameterCookies(`a=1; ${name}=globex; b=2`, injections)
      const form = dropParameterFields(Buffer.from(sent, 'latin1'), injections)
      const seen = await ask(query, cookie, form)
      assert.deepEqual(seen.get, { tenant_id: 'acme', a: '1', b: '2' })
      assert.deepEqual(seen.post, { a: '1', b: '2' })
      assert.deepEqual(seen.cookie, { a: '1', b: '2' })
      assert.deepEqual(seen.request, { tenant_id: 'acme', a: '1', b: '2' })
    })

  it('keeps our value where the client sends more variables than PHP takes', async () => {
    const many = Array.from({ length: 1500 }, (_, i) => `x${i}=`).join('&')
    const { get } = await ask(
      injectQuery(`?${many}`, injections, undefined, noAttributes, nothingWithheld),
      undefined,
      Buffer.from(''),
    )
    assert.equal(get['tenant_id'], 'acme')
  })
})
