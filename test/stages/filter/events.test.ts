import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EventPolicy, EventRows } from '../../../src/config/config.ts'
import { EventFilter } from '../../../src/stages/filter/events.ts'
import { defaultRowLimits, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { marker, type Outcome, planOf, run } from './support.ts'

const mine = '{"account":"acme","id":1}'
const other = `{"account":"beta","note":"${marker}"}`

function rowsOf(changes: Partial<EventRows> = {}): EventRows {
  const types = new Map<string, EventPolicy>([
    ['message', 'rows'],
    ['order', 'rows'],
    ['ping', 'pass'],
    ['secret', 'drop'],
  ])
  return { types, other: 'drop', at: [[]], keep: [], ...changes }
}

const lists = rowsOf({ at: [['items', '*']], keep: [['page']] })

function runEvents(
  body: string | Uint8Array,
  rows = rowsOf(),
  plan: RowPlan = planOf(),
  cuts: readonly number[] = [],
  hold = false,
): Outcome {
  return run(new EventFilter(plan, rows, hold), body, cuts)
}

function everyCut(body: string | Uint8Array): readonly number[] {
  return [...Buffer.from(body).keys()]
}

function bytesOf(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
}

describe('server-sent events', () => {
  it('go out where their row is permitted', () => {
    const outcome = runEvents(`data: ${mine}\n\ndata: ${other}\n\nevent: order\ndata: ${mine}\n\n`)
    assert.equal(outcome.text, `data: ${mine}\n\nevent: order\ndata: ${mine}\n\n`)
    assert.deepEqual(outcome.counts, { rows: 3, withheld: 1, fieldsWithheld: 0, violations: 0 })
  })

  it('are treated by their type: rows, pass or drop, and any other as the route says', () => {
    const body = ['ping', 'secret', 'Order', 'orders', 'Ping'].map((type) => `event: ${type}\ndata: ${other}\n\n`)
    assert.equal(runEvents(body.join('')).text, body[0])
    assert.equal(runEvents(body.join(''), rowsOf({ other: 'pass' })).text, body.filter((_, at) => at !== 1).join(''))
    assert.equal(runEvents(`data: ${mine}\n\n`, rowsOf({ types: new Map() })).text, '')
  })

  it('are read as the standard says', () => {
    const table: readonly (readonly [body: string, text: string])[] = [
      [`data:${mine}\n\n`, `data: ${mine}\n\n`],
      [`data:  ${mine}\n\n`, `data: ${mine}\n\n`],
      [`data: {"account":\ndata: "acme"}\n\n`, `data: {"account":\ndata: "acme"}\n\n`],
      [`data: ${mine}\ndata\n\n`, `data: ${mine}\n\n`],
      ['event: ping\ndata: a\ndata:\ndata\ndata:  b\n\n', 'event: ping\ndata: a\ndata: \ndata: \ndata:  b\n\n'],
      ['event: ping\ndata\n\n', 'event: ping\ndata: \n\n'],
      ['event: ping\ndata:\n\n', 'event: ping\ndata: \n\n'],
      ['event: ping\n\ndata: x\n\n', ''],
      ['data: x\nevent: ping\n\n', 'event: ping\ndata: x\n\n'],
      ['event: ping\nevent: secret\ndata: x\n\n', ''],
      ['event: secret\nevent: ping\ndata: x\n\n', 'event: ping\ndata: x\n\n'],
      [`event: ping\nevent:\ndata: ${other}\n\n`, ''],
      [`event: ping\nevent\ndata: ${other}\n\n`, ''],
      [`event:ping\ndata: x\n\n`, 'event: ping\ndata: x\n\n'],
      [`event:  ping\ndata: x\n\n`, ''],
      [`event: ping \ndata: x\n\n`, ''],
      [` event: ping\ndata: ${mine}\n\n`, `data: ${mine}\n\n`],
      [`Data: ${other}\n\n`, ''],
      [`DATA: ${other}\ndata : ${other}\nfoo: ${other}\ndatas: ${other}\ndata: ${mine}\n\n`, `data: ${mine}\n\n`],
      [`${marker}\ndata: ${mine}\n\n`, `data: ${mine}\n\n`],
      [`event: message\ndata: ${mine}\n\n`, `data: ${mine}\n\n`],
      [`data: ${mine}\n`, ''],
      [`data: ${mine}`, ''],
      [`data: ${mine}\n\r`, `data: ${mine}\n\n`],
      ['\n\n\n', ''],
      ['', ''],
    ]
    for (const [body, text] of table) assert.equal(runEvents(body).text, text, JSON.stringify(body))
  })

  it('may end their lines with CR, LF and CRLF in one stream', () => {
    const events = Array.from({ length: 3 }, () => `event: order\ndata: ${mine}\n\n`).join('')
    for (const [first, second] of [
      ['\r', '\n'],
      ['\r\n', '\r'],
      ['\n', '\r\n'],
      ['\r', '\r'],
      ['\r\n', '\r\n'],
    ] as const) {
      const body = `event: order${first}data: ${mine}${second}${second}`.repeat(3)
      assert.equal(runEvents(body).text, events, JSON.stringify(body))
      assert.equal(runEvents(body, rowsOf(), planOf(), everyCut(body)).text, events)
    }
  })

  it('have no further line ends', () => {
    const inside = `{"account":"acme","id":"\u2028\u0085x"}`
    assert.equal(runEvents(`data: ${inside}\n\n`).text, `data: ${inside}\n\n`)
    for (const sign of ['\u000b', '\u000c', '\u001c', '\u001e'])
      assert.equal(runEvents(`event: ping\ndata: a${sign}data: b\n\n`).text, '')
  })

  it('leave as soon as the last byte of their empty line is there', () => {
    for (const [end, rest] of [
      ['\n', '\n'],
      ['\r', '\r'],
      ['\r\n', '\r'],
    ] as const) {
      const filter = new EventFilter(planOf(), rowsOf())
      assert.equal(filter.push(Buffer.from(`data: ${mine}${end}`)), undefined)
      assert.equal(String(filter.push(Buffer.from(rest))), `data: ${mine}\n\n`)
      assert.equal(filter.push(Buffer.from('\n')), undefined)
    }
  })

  it('keep their heartbeats without the text', () => {
    assert.equal(runEvents(`: ${marker}\n\n:\n${marker}: x\n\n:${marker}\r\n`).text, ':\n\n:\n\n:\n\n')
    assert.equal(runEvents(`data: ${mine}\n: ${marker}\n\n`).text, `:\n\ndata: ${mine}\n\n`)
    const filter = new EventFilter(planOf(), rowsOf())
    assert.equal(String(filter.push(Buffer.from(': still there\n'))), ':\n\n')
  })

  it('keep identifiers and times to wait in strict forms, with the event they came with', () => {
    const event = `data: ${mine}\n\n`
    for (const id of ['7', 'a-b_c.d:e/f+g=h', '', '0198f1c2-3b7e', 'x'.repeat(256)])
      assert.equal(runEvents(`id: ${id}\n${event}`).text, `id: ${id}\n${event}`)
    for (const id of [`{"account":"beta"}`, `"${marker}"`, 'a b', 'é', 'x'.repeat(257), ' 7', 'a\u0001', '<b>'])
      assert.equal(runEvents(`id: 6\nid: ${id}\n${event}`).text, event, id)
    assert.equal(runEvents(`id: 6\nid: 7\u0000\n${event}`).text, `id: 6\n${event}`)
    assert.equal(runEvents(`retry: 1500\n${event}`).text, `retry: 1500\n${event}`)
    assert.equal(runEvents(`retry: 1500\nretry: 5s\n${event}`).text, `retry: 1500\n${event}`)
    assert.equal(runEvents(`retry: 12345678901\n${event}`).text, event)
    assert.equal(runEvents('retry: 10\n\n').text, 'retry: 10\n\n')
    assert.equal(runEvents(`id: ${marker}\nretry: 3\ndata: ${other}\n\nid: ${marker}\n\n`).text, '')
    assert.equal(runEvents(`retry: 3\nid: 9\nevent: order\n${event}`).text, `event: order\nid: 9\nretry: 3\n${event}`)
    assert.equal(runEvents(`id: 9\n${event}${event}`).text, `id: 9\n${event}${event}`)
  })

  it('lose their withheld fields', () => {
    const withhold = [{ name: 'id', path: ['id'] }]
    const outcome = runEvents(`data: ${mine}\n\n`, rowsOf(), planOf({ withhold }))
    assert.equal(outcome.text, 'data: {"account":"acme"}\n\n')
    assert.deepEqual(outcome.counts, { rows: 1, withheld: 0, fieldsWithheld: 1, violations: 0 })
  })

  it('may hold lists, whatever the places of the route’s documents', () => {
    const outcome = runEvents(
      `data: {"items":[${other},${mine}],"page":2,"facets":"${marker}"}\n\ndata: {"items":[],"total":9}\n\ndata: {"page":1}\n\n`,
      lists,
      planOf({ at: [['*']], strict: true, total: { path: ['total'], policy: 'block' } }),
    )
    assert.equal(
      outcome.text,
      `data: {"items":[${mine}],"page":2,"facets":null}\n\ndata: {"items":[],"total":null}\n\ndata: {"page":1}\n\n`,
    )
    assert.deepEqual(outcome.counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 0 })
  })

  it('disappear with the last of their rows', () => {
    const outcome = runEvents(`id: 4\ndata: {"items":[${other},${other}],"page":2}\n\n`, lists)
    assert.equal(outcome.text, '')
    assert.deepEqual(outcome.counts, { rows: 2, withheld: 2, fieldsWithheld: 0, violations: 0 })
  })
})

const bad: readonly (readonly [name: string, event: string | Uint8Array])[] = [
  ['no JSON', `data: ${marker}\n\n`],
  ['JSON that is cut', `data: {"account":"acme","note":"${marker}"\n\n`],
  ['two documents', `data: ${mine}${other}\n\n`],
  ['two documents in two lines', `data: ${mine}\ndata: ${other}\n\n`],
  ['no data at all in the data', 'data:\n\n'],
  ['a ruled key twice', `data: {"account":"acme","account":"beta","note":"${marker}"}\n\n`],
  ['a ruled key in two cases', `data: {"account":"acme","Account":"beta","note":"${marker}"}\n\n`],
  ['a byte order mark in the data', `data: \ufeff${mine}\n\n`],
  ['a string over two lines', `data: {"account":"ac\ndata: me"}\n\n`],
  ['latin1', bytesOf('data: {"account":"acme","note":"', [0xe9], '"}\n\n')],
  ['a surrogate', bytesOf('data: {"account":"acme","note":"', [0xed, 0xa0, 0x80], '"}\n\n')],
  ['latin1 in what passes', bytesOf('event: ping\ndata: ', [0xe9], '\n\n')],
  ['a lead byte before the line end', bytesOf('event: ping\ndata: ', [0xe2], '\n\n')],
  ['NUL in what passes', 'event: ping\ndata: a\u0000b\n\n'],
]

describe('a bad event', () => {
  for (const [name, event] of bad) {
    it(`is dropped and counted, and the stream goes on: ${name}`, () => {
      const body = bytesOf(`data: ${mine}\n\n`, [...Buffer.from(event)], `data: ${mine}\n\ndata: ${other}\n\n`)
      for (const cuts of [[], everyCut(body)]) {
        const outcome = runEvents(body, rowsOf(), planOf(), cuts)
        assert.equal(outcome.text, `data: ${mine}\n\n`.repeat(2))
        assert.deepEqual(outcome.counts, { rows: 4, withheld: 2, fieldsWithheld: 0, violations: 1 })
      }
    })

    it(`ends the stream under block: ${name}`, () => {
      const body = bytesOf(`data: ${mine}\n\n`, [...Buffer.from(event)], `data: ${mine}\n\n`)
      const first = `data: ${mine}\n\n`
      const outcome = runEvents(body, rowsOf(), planOf({ onViolation: 'block' }), [first.length])
      assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
      assert.equal(outcome.released, first)
    })
  }

  it('is one behind a byte order mark', () => {
    const outcome = runEvents(`\ufeffdata: ${mine}\n\ndata: ${mine}\n\n`)
    assert.equal(outcome.text, `data: ${mine}\n\n`)
    assert.deepEqual(outcome.counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 1 })
    assert.equal(runEvents(`\ufeff: x\ndata: ${mine}\n\ndata: ${mine}\n\n`).text, `data: ${mine}\n\n`)
    assert.equal(runEvents(`:\n\ufeffdata: ${other}\ndata: ${mine}\n\n`).text, `:\n\ndata: ${mine}\n\n`)
  })

  it('is one of a type that cannot go out, where other types pass', () => {
    const passing = rowsOf({ other: 'pass' })
    for (const type of [`{"note":"${marker}"}`, 'a b', 'é', '7', 'x'.repeat(65)]) {
      const outcome = runEvents(`event: ${type}\ndata: x\n\n`, passing)
      assert.equal(outcome.text, '')
      assert.deepEqual(outcome.counts, { rows: 1, withheld: 1, fieldsWithheld: 0, violations: 1 })
      assert.deepEqual(runEvents(`event: ${type}\ndata: x\n\n`).counts, {
        rows: 0,
        withheld: 0,
        fieldsWithheld: 0,
        violations: 0,
      })
    }
    assert.equal(runEvents('event: a.b:c-d_9\ndata: x\n\n', passing).text, 'event: a.b:c-d_9\ndata: x\n\n')
  })
})

describe('an event that is not permitted', () => {
  it('ends the stream under block, in whatever list', () => {
    const plan = planOf({ onViolation: 'block' })
    for (const [rows, event] of [
      [rowsOf(), `data: ${other}\n\n`],
      [lists, `data: {"items":[${mine},${other}]}\n\n`],
    ] as const) {
      const outcome = runEvents(`${event}data: ${mine}\n\n`, rows, plan)
      assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
      assert.equal(outcome.released, '')
    }
    assert.equal(runEvents(`event: secret\ndata: ${other}\n\n`, rowsOf(), plan).code, undefined)
  })

  it('leaves the filter shut once it ended the stream', () => {
    const filter = new EventFilter(planOf({ onViolation: 'block' }), rowsOf())
    assert.throws(() => filter.push(Buffer.from(`data: ${other}\n\n`)), { code: 'ERR_ANSWER_VIOLATION' })
    assert.throws(() => filter.push(Buffer.from(`data: ${mine}\n\n`)), TypeError)
  })
})

describe('the bounds of events', () => {
  const limits = { ...defaultRowLimits, maxRowBytes: 40, maxBlockBytes: 200 }
  const small = planOf({ limits })
  const good = `data: ${mine}\n\n`

  it('drop what is too long and let the stream go on', () => {
    const rest = marker.repeat(20)
    for (const event of [
      `data: {"account":"acme","note":"${rest}"}\n\n`,
      `data: {"account":"acme",\n${'data: \n'.repeat(50)}data: "note":1}\n\n`,
      `event: ${rest}\ndata: ${mine}\n\n`,
      `id: ${rest}\ndata: ${mine}\n\n`,
      `data: ${mine}\n${rest}\n\n`,
      `data: ${mine}\ndata: ${rest}\n\n`,
      `${rest}: ${rest}\ndata: ${mine}\n\n`,
    ]) {
      const body = good + event + good
      for (const cuts of [[], [60], everyCut(body)]) {
        const outcome = runEvents(body, rowsOf(), small, cuts)
        assert.equal(outcome.text, good + good, event)
        assert.deepEqual(outcome.counts, { rows: 3, withheld: 1, fieldsWithheld: 0, violations: 1 })
      }
    }
  })

  it('take nothing behind them for the begin of a line', () => {
    for (const start of ['data: ', 'event: ', 'x', '\ufeff'])
      for (const rest of [`data: ${mine}`, `: ${marker}`, 'id: 7', '']) {
        const line = start + 'x'.repeat(60)
        const body = `${line}${rest}\ndata: ${mine}\n\n${good}`
        for (const cuts of [[line.length], [30, line.length], [line.length - 1, line.length], everyCut(body)]) {
          const outcome = runEvents(body, rowsOf(), small, cuts)
          assert.equal(outcome.text, good)
          assert.deepEqual(outcome.counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 1 })
        }
      }
  })

  it('are those of the data, wherever the lines end', () => {
    const fits = `event: ping\ndata: ${'x'.repeat(19)}\ndata: ${'y'.repeat(20)}\n\n`
    const longer = `event: ping\ndata: ${'x'.repeat(20)}\ndata: ${'y'.repeat(20)}\n\n`
    const line = `event: ping\ndata: ${'x'.repeat(40)}\n\n`
    const longLine = `event: ping\ndata: ${'x'.repeat(41)}\n\n`
    for (const [body, text] of [
      [fits, fits],
      [longer, ''],
      [line, line],
      [longLine, ''],
    ] as const)
      for (let cut = 0; cut <= body.length; cut++) assert.equal(runEvents(body, rowsOf(), small, [cut]).text, text)
  })

  it('let comments be as long as they like', () => {
    const body = `:${'x'.repeat(500)}\n${good}`
    for (const cuts of [[], everyCut(body)]) assert.equal(runEvents(body, rowsOf(), small, cuts).text, `:\n\n${good}`)
  })

  it('hold for an error answer, which waits for its end', () => {
    const outcome = runEvents(good, rowsOf(), small, [10], true)
    assert.equal(outcome.text, good)
    assert.equal(runEvents(good.repeat(20), rowsOf(), small, [100], true).code, 'ERR_ANSWER_TOO_LARGE')
  })
})

describe('the pieces of an event stream', () => {
  it('give the same wherever they end', () => {
    const text = [
      ':\r\n',
      `id: 1\r\ndata:${mine}\r\n\r\n`,
      `event:order\rdata: ${other}\r\r`,
      `event: order\ndata: {"account"\r\ndata::"acme","é":"𝄞"}\n\r\n`,
      'event: ping\rdata\rdata: x\r\n\r',
      `data: {"account":"beta\n\n\n\r`,
      `retry: 3\n\ndata: ${mine}`,
    ].join('')
    for (const start of ['', '\ufeff']) {
      const body = Buffer.from(start + text)
      const whole = runEvents(body)
      assert.ok(!whole.released.includes(marker))
      assert.equal(whole.text?.split('\n\n').length, start === '' ? 6 : 4)
      for (let first = 0; first <= body.length; first++)
        for (let second = first; second <= body.length; second += 7)
          assert.deepEqual(runEvents(body, rowsOf(), planOf(), [first, second]), whole)
      assert.deepEqual(runEvents(body, rowsOf(), planOf(), everyCut(body)), whole)
    }
  })
})
