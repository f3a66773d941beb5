import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { errorCodes, statusOf, titleOf } from '../../src/errors.ts'
import { type Answer, openBench, postJson, type SignInBench, send } from '../login/support.ts'
import { answerBytes } from '../support/echo-upstream.ts'

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, code)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const { request, ...rest } = answer.json
  assert.match(String(request), /^[0-9a-f-]{36}$/)
  const known = errorCodes.find((each) => each === code)
  assert.ok(known !== undefined)
  assert.deepEqual(rest, { type: 'about:blank', status, title: titleOf(known), code })
}

describe('RFC 9457, problem documents', () => {
  let bench: SignInBench

  before(async () => {
    bench = await openBench()
  })
  after(() => bench.close())

  it('are the answer to every kind of refusal, with the members of the contract and no other', async () => {
    const { port } = bench.edge
    const ann = { authorization: `Bearer ${await bench.edge.token('ann@acme.example')}` }
    const nobody = { authorization: `Bearer ${await bench.edge.token('nobody@acme.example')}` }
    const cases: [string, Parameters<typeof send>[2], number, string][] = [
      ['/app/x', {}, 401, 'ERR_CREDENTIAL_MISSING'],
      ['/app/x', { headers: { authorization: 'Bearer x' } }, 401, 'ERR_CREDENTIAL_INVALID'],
      ['/nowhere', {}, 404, 'ERR_ROUTE_NOT_FOUND'],
      ['/.sallyport/nowhere', {}, 404, 'ERR_ROUTE_NOT_FOUND'],
      ['/a//b', {}, 400, 'ERR_TARGET_INVALID'],
      ['/app/x', { headers: { host: 'other.example' } }, 421, 'ERR_HOST_UNKNOWN'],
      ['/orders', { headers: nobody }, 403, 'ERR_MASK_NONE'],
      ['/orders', { ...postJson({}, ann) }, 403, 'ERR_ROLE_MISSING'],
      ['/.sallyport/token', postJson({ email: 'x', password: 'x' }), 401, 'ERR_SIGN_IN_REFUSED'],
      ['/.sallyport/token', postJson({}), 400, 'ERR_SIGN_IN_FORM'],
      ['/.sallyport/token', postJson({ x: 'x'.repeat(20_000) }), 413, 'ERR_BODY_TOO_LARGE'],
      ['/.sallyport/session', {}, 401, 'ERR_CREDENTIAL_MISSING'],
    ]
    for (const [path, sent, status, code] of cases) assertProblem(await send(port, path, sent), status, code)
  })

  it('stand in for an answer that may not go out', async () => {
    bench.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'text/html']], '<p>rows</p>'))
    })
    const headers = { authorization: `Bearer ${await bench.edge.token('ann@acme.example')}` }
    assertProblem(await send(bench.edge.port, '/orders', { headers }), 502, 'ERR_ANSWER_KIND')
  })

  it('section 3.1.4: about:blank goes with the title of the status, or one of the contract', () => {
    for (const code of errorCodes) {
      const standard = STATUS_CODES[statusOf(code)]
      const renamed: Readonly<Record<string, string>> = {
        'Content Too Large': 'Payload Too Large', // as RFC 9110 calls it
        'Tenant Required': 'Bad Request',
      }
      assert.equal(renamed[titleOf(code)] ?? titleOf(code), standard, code)
    }
  })

  it('section 3: are a page for a browser that goes to one, with the same facts in it', async () => {
    const answer = await send(bench.edge.port, '/nowhere', { headers: { 'sec-fetch-mode': 'navigate' } })
    assert.equal(answer.status, 404)
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
    for (const fact of ['404 Not Found', 'ERR_ROUTE_NOT_FOUND']) assert.ok(answer.text.includes(fact))
  })
})
