import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { Observer } from '../../src/edge/observer.ts'
import { ProxyError } from '../../src/errors.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { Metrics } from '../../src/metrics/metrics.ts'
import { admitted } from '../stages/match/support.ts'
import { tempFolder } from '../support/temp.ts'

const row = '{"account":"globex","note":FOREIGN7f3a}'

/** What the operator's log and the audit have of a refusal. */
async function told(t: TestContext, error: ProxyError): Promise<{ readonly log: string; readonly audit: string }> {
  const file = join(tempFolder(t), 'audit.jsonl')
  const audit = await openAuditLog({ file, clock: systemClock, includeEmail: false })
  const lines: unknown[] = []
  const note = (...line: readonly unknown[]): void => void lines.push(line)
  const observer = new Observer(audit, new Metrics(), { info: note, warn: note, error: note })
  const { arrival } = admitted([['Host', 'app.example']], { method: 'GET', target: '/' })
  observer.refused(arrival, '192.0.2.1', error, undefined)
  await audit.close()
  return { log: JSON.stringify(lines), audit: readFileSync(file, 'utf8') }
}

function failureToParse(): unknown {
  try {
    return JSON.parse(row)
  } catch (error) {
    return error
  }
}

describe('a fault of ours', () => {
  it('is told by its kind and place, never by the text that the parser quotes', async (t) => {
    const cause = failureToParse()
    assert.ok(cause instanceof SyntaxError && cause.message.includes('FOREIGN'), 'the engine quotes what it read')
    const { log, audit } = await told(t, new ProxyError('ERR_INTERNAL', 'the filter failed', { cause }))
    assert.match(log, /SyntaxError/)
    assert.match(log, /observer\.test\.ts/)
    for (const text of [log, audit]) assert.ok(!text.includes('FOREIGN') && !text.includes('globex'), text)
  })

  it('is told apart from an upstream that fails, whose reason operators need', async (t) => {
    const cause = new Error('connect ECONNREFUSED')
    const { log } = await told(t, new ProxyError('ERR_UPSTREAM_FAILED', 'no connection', { cause }))
    assert.match(log, /connect ECONNREFUSED/)
  })
})
