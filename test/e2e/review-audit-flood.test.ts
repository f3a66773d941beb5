import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { rawExchange } from '../support/raw-http.ts'
import { auditLines, type Corridor, openCorridor } from './threats-support.ts'

const many = 1500

describe('the audit of one address that is refused without end', () => {
  let corridor: Corridor

  before(async () => {
    corridor = await openCorridor({ seed: false })
  })
  after(() => corridor.close())

  it('is bounded, says so once, and every refusal is still counted', async () => {
    const { edge } = corridor
    const stranger = 'GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n'
    const { responses } = await rawExchange(edge.port, stranger.repeat(many), { timeoutMs: 5000, expect: many })
    assert.equal(responses.filter(({ status }) => status === 421).length, many)
    for (let i = 0; i < 20; i += 1) await rawExchange(edge.port, 'rubbish\r\n\r\n', { timeoutMs: 5000, expect: 1 })
    const lines = auditLines(edge).filter(({ address }) => address === '127.0.0.1')
    assert.equal(lines.filter(({ event }) => event === 'request.refused').length, 1200)
    assert.equal(lines.filter(({ event }) => event === 'limit.exceeded').length, 1)
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text()
    assert.match(metrics, new RegExp(`sallyport_refusals_total\\{code="ERR_HOST_UNKNOWN"\\} ${many}\n`))
    assert.match(metrics, /sallyport_refusals_total\{code="ERR_REQUEST_MALFORMED"\} 20\n/)
  })
})
