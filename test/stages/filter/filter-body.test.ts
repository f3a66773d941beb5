import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { filterBody, filterWhole, whenReleased } from '../../../src/stages/filter/filter-body.ts'
import { type FilterVerdict, planAnswer } from '../../../src/stages/filter/filter-response.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { codeOf, marker, planOf, readersOf } from './support.ts'

const mine = '{"account":"acme","id":1}'
const other = `{"account":"beta","note":"${marker}"}`

function verdictOf(plan: RowPlan, status = 200, headers: readonly string[] = []): FilterVerdict {
  const rules = { plan, readers: readersOf(plan), roles: [], pass: [], keepHeaders: [], decode: defaultDecodeLimits }
  const rawHeaders = ['content-type', 'application/json', ...headers]
  const verdict = planAnswer({ method: 'GET', rows: rules, head: { status, rawHeaders }, ownCookies: [] })
  assert.ok(verdict.kind === 'filter')
  return verdict
}

async function answerOf(test: TestContext, listener: RequestListener): Promise<IncomingMessage> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const [answer] = await once(get({ port: address.port, host: '127.0.0.1', agent: false }), 'response')
  return answer
}

async function readAll(body: Readable): Promise<string> {
  return Buffer.concat(await body.toArray()).toString()
}

const refusedWith = (code: string) => (error: unknown) => codeOf(error) === code

describe('a filtered body', () => {
  it('does not hold the memory of a large piece for the few bytes that are left of it', async () => {
    const chunk = Buffer.from(`{"items":[${mine},{"account":"beta","note":"${marker.repeat(9_000)}"}]}`)
    const large = Buffer.from(`{"items":[${Array.from({ length: 2_000 }, () => mine).join(',')}]}`)
    const [small, whole] = await Promise.all(
      [chunk, large].map(async (bytes) => filterBody(Readable.from([bytes]), verdictOf(planOf())).toArray()),
    )
    assert.equal(Buffer.concat(small ?? []).toString(), `{"items":[${mine}]}`)
    assert.ok(small?.every((piece: Buffer) => piece.buffer !== chunk.buffer))
    assert.ok(whole?.some((piece: Buffer) => piece.buffer === large.buffer))
  })

  it('comes from a real upstream row by row', async (test) => {
    const answer = await answerOf(test, (_request, response) => response.end(`{"items":[${mine},${other}],"n":1}`))
    const body = filterBody(answer, verdictOf(planOf()))
    await whenReleased(body)
    assert.equal(await readAll(body), `{"items":[${mine}],"n":null}`)
    assert.deepEqual({ ...body.report }, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 0, rules: new Map() })
    assert.equal(body.released, true)
  })

  it('can be piped once its first byte is there', async () => {
    const source = new PassThrough()
    const body = filterBody(source, verdictOf(planOf()))
    source.write(`{"items":[${mine},`)
    await whenReleased(body)
    const sink = new PassThrough()
    const piped = pipeline(body, sink)
    source.end(`${mine}]}`)
    assert.equal(await readAll(sink), `{"items":[${mine},${mine}]}`)
    await piped
  })

  it('is decoded first', async () => {
    for (const [coding, encode] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const source = Readable.from([encode(Buffer.from(`{"items":[${other},${mine}]}`))])
      assert.equal(
        await readAll(filterBody(source, verdictOf(planOf(), 200, ['content-encoding', coding]))),
        `{"items":[${mine}]}`,
      )
    }
  })

  it('is refused before the first byte where its label lies', async () => {
    for (const [headers, bytes, code] of [
      [['content-encoding', 'gzip'], Buffer.from('{"items":[]}'), 'ERR_ANSWER_CODING'],
      [[], gzipSync(Buffer.from('{"items":[]}')), 'ERR_ANSWER_UNREADABLE'],
      [[], Buffer.from('<items/>'), 'ERR_ANSWER_UNREADABLE'],
      [[], Buffer.alloc(0), 'ERR_ANSWER_UNREADABLE'],
    ] as const) {
      const source = new PassThrough()
      const body = filterBody(source, verdictOf(planOf(), 200, headers))
      source.end(bytes)
      await assert.rejects(whenReleased(body), refusedWith(code))
      assert.equal(body.released, false)
      if (!source.destroyed) await once(source, 'close')
    }
  })

  it('breaks off where a fault shows after the first byte', async () => {
    const source = new PassThrough()
    const body = filterBody(source, verdictOf(planOf()))
    source.write(`{"items":[${mine},`)
    await whenReleased(body)
    assert.equal(String(body.read()), `{"items":[${mine}`)
    source.end('}')
    await assert.rejects(readAll(body), refusedWith('ERR_ANSWER_UNREADABLE'))
    assert.equal(body.released, true)
  })

  it('ends in an error where the upstream breaks off', async (test) => {
    const answer = await answerOf(test, (_request, response) => {
      response.write(`{"items":[${mine},`, () => response.destroy())
    })
    await assert.rejects(readAll(filterBody(answer, verdictOf(planOf()))), refusedWith('ERR_UPSTREAM_FAILED'))
  })

  it('ends the upstream’s stream where the client leaves', async () => {
    for (const headers of [[], ['content-encoding', 'gzip']]) {
      const source = new PassThrough()
      const body = filterBody(source, verdictOf(planOf(), 200, headers))
      body.destroy()
      await once(source, 'close')
    }
  })

  it('waits for the reader', async () => {
    let made = 0
    const source = new Readable({
      read() {
        made++
        this.push(
          made === 1
            ? '{"items":['
            : `${made === 2 ? '' : ','}${JSON.stringify({ account: 'acme', pad: 'x'.repeat(16_384) })}`,
        )
      },
    })
    const body = filterBody(source, verdictOf(planOf()))
    await whenReleased(body)
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(made < 30, `${made} pieces read ahead`)
    body.destroy()
  })

  it('releases nothing early under block', async () => {
    const source = new PassThrough()
    const body = filterBody(source, verdictOf(planOf({ onViolation: 'block' })))
    source.write(`{"items":[${mine},`)
    source.end(`${other}]}`)
    await assert.rejects(whenReleased(body), refusedWith('ERR_ANSWER_VIOLATION'))
    assert.equal(body.released, false)
  })
})

describe('an error answer', () => {
  it('goes out filtered where it has permitted rows', () => {
    const { body } = filterWhole(Buffer.from(`{"items":[${other},${mine}]}`), verdictOf(planOf(), 409))
    assert.equal(Buffer.from(body).toString(), `{"items":[${mine}]}`)
  })

  it('is given up where it has none, or is no JSON', async () => {
    const bodies = [`{"error":"${marker} exists"}`, `{"items":[${other}]}`, '{"items":[]}']
    for (const text of bodies) {
      assert.throws(() => filterWhole(Buffer.from(text), verdictOf(planOf(), 409)), refusedWith('ERR_ANSWER_STATUS'))
      const body = filterBody(Readable.from([Buffer.from(text)]), verdictOf(planOf(), 409))
      await assert.rejects(readAll(body), refusedWith('ERR_ANSWER_STATUS'))
      assert.equal(body.released, false)
    }
    assert.throws(
      () => filterWhole(Buffer.from('oops'), verdictOf(planOf(), 500)),
      refusedWith('ERR_ANSWER_UNREADABLE'),
    )
  })
})

describe('a body that is there as a whole', () => {
  it('is filtered at once', () => {
    const { body, report } = filterWhole(Buffer.from(`{"items":[${mine},${other}]}`), verdictOf(planOf()))
    assert.equal(Buffer.from(body).toString(), `{"items":[${mine}]}`)
    assert.equal(report.withheld, 1)
  })

  it('must not be coded', () => {
    const verdict = verdictOf(planOf(), 200, ['content-encoding', 'gzip'])
    assert.throws(() => filterWhole(Buffer.from('{}'), verdict), TypeError)
  })
})
