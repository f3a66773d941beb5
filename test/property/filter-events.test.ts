import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EventPolicy, EventRows } from '../../src/config/config.ts'
import { EventFilter } from '../../src/stages/filter/events.ts'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { compact, expectJson, parseBytes } from '../stages/filter/reference.ts'
import { marker, planOf, run } from '../stages/filter/support.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'

const limits = { ...defaultRowLimits, maxRowBytes: 150 }
const types = new Map<string, EventPolicy>([
  ['message', 'rows'],
  ['order', 'rows'],
  ['ping', 'pass'],
  ['secret', 'drop'],
])
const places: readonly EventRows[] = [
  { types, other: 'drop', at: [[]], keep: [] },
  { types, other: 'pass', at: [['items', '*']], keep: [['page']] },
  { types, other: 'drop', at: [['data']], keep: [] },
]
const plans: readonly RowPlan[] = [planOf({ limits }), planOf({ limits, withhold: [{ name: 'id', path: ['id'] }] })]

interface Event {
  readonly type: string
  readonly id: string | undefined
  readonly retry: string | undefined
  /** undefined = only a time to wait. */
  readonly data: string | undefined
}

/** The whole text by the book; what stands behind the last empty line is no event. Bytes are letters here. */
function blocks(text: string): readonly (readonly string[])[] {
  const lines = text.split(/\r\n|\n|\r/u).slice(0, -1)
  const found: string[][] = [[]]
  for (const line of lines) {
    if (line === '') found.push([])
    else found.at(-1)?.push(line)
  }
  return found.slice(0, -1)
}

function valuesOf(lines: readonly string[], name: string): readonly string[] {
  return lines.flatMap((line) => {
    const [, field, value] = /^([^:]*):?\u0020?(.*)$/su.exec(line) ?? []
    return field === name ? [value ?? ''] : []
  })
}

function expect(plan: RowPlan, rows: EventRows, bytes: Buffer): readonly Event[] {
  const whole = bytes.toString('latin1')
  return blocks(whole).flatMap((lines, at): readonly Event[] => {
    const fields = lines.filter((line) => !line.startsWith(':'))
    if (fields.some((line) => line.length > limits.maxRowBytes + 7)) return []
    if (at === 0 && fields[0] === lines[0] && fields[0]?.startsWith('\u00ef\u00bb\u00bf') === true) return []
    const retry = valuesOf(fields, 'retry')
      .filter((value) => /^\d+$/u.test(value))
      .at(-1)
    const waits = retry !== undefined && retry.length < 10 ? retry : undefined
    const data = valuesOf(fields, 'data')
    if (data.length === 0)
      return waits === undefined ? [] : [{ type: '', id: undefined, retry: waits, data: undefined }]
    const text = data.join('\n')
    if (text.length > limits.maxRowBytes) return []
    const type = valuesOf(fields, 'event').at(-1) ?? ''
    const out = judge(plan, rows, type === '' ? 'message' : type, Buffer.from(text, 'latin1'))
    if (out === undefined) return []
    const id = valuesOf(fields, 'id')
      .filter((value) => !value.includes('\0'))
      .at(-1)
    return [{ type: type === 'message' ? '' : type, id: id === undefined ? id : isPlain(id), retry: waits, data: out }]
  })
}

function isPlain(id: string): string | undefined {
  return /^[\w.~:/+=@|,;-]{0,256}$/u.test(id) ? id : undefined
}

/** The data that goes out, each byte a letter; undefined = nothing. */
function judge(plan: RowPlan, rows: EventRows, type: string, data: Buffer): string | undefined {
  const policy = rows.types.get(type) ?? rows.other
  if (policy === 'drop') return undefined
  if (policy === 'pass') {
    // oxlint-disable-next-line no-control-regex -- what must not stand there
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/u.test(data.toString('latin1'))) return undefined
    return isText(data) && /^[a-z_][\w.:-]{0,63}$/iu.test(type) ? data.toString('latin1') : undefined
  }
  const expected = expectJson({ ...plan, at: rows.at, keep: rows.keep }, data)
  if (expected.text === undefined) return undefined
  if (expected.counts.rows > 0 && expected.counts.rows === expected.counts.withheld) return undefined
  return Buffer.from(expected.text).toString('latin1')
}

function isText(data: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data)
    return true
  } catch {
    return false
  }
}

/** What a reader gets. */
function read(rows: EventRows, text: string): readonly Event[] {
  assert.ok(!text.includes('\r') && (text === '' || text.endsWith('\n\n')))
  return blocks(text).flatMap((lines): readonly Event[] => {
    if (lines.length === 1 && lines[0] === ':') return []
    for (const line of lines) assert.match(line, /^(?:event|id|retry|data): /u)
    const type = valuesOf(lines, 'event').at(-1) ?? ''
    const parts = valuesOf(lines, 'data')
    const data = parts.length === 0 ? undefined : parts.join('\n')
    const isRows = rows.types.get(type === '' ? 'message' : type) === 'rows'
    const retry = valuesOf(lines, 'retry').at(-1)
    return [{ type, id: valuesOf(lines, 'id').at(-1), retry, data: isRows ? squeeze(data) : data }]
  })
}

function squeeze(data: string | undefined): string | undefined {
  const tree = data === undefined ? undefined : parseBytes(Buffer.from(data, 'latin1'), 1_000)
  return tree === undefined ? data : Buffer.from(compact(tree)).toString('latin1')
}

const own = ['{"account":"acme","id":1}', '{"account": "acme","note":"é𝄞\u2028"}', '{"account":"acme","amount":5}']
const foreign = [
  `{"account":"beta","note":"${marker}"}`,
  `{"note":"${marker}"}`,
  `{"account":"acme","Account":"x","note":"${marker}"}`,
]
const noise = ['null', '7', '[]', '{}', '{"items":[]}', '{"data":null,"x":1}', '{"account":"acme"', '', '"', 'x y']

function document(dice: Dice): string {
  const row = (): string => dice.pick(dice.pick([own, own, foreign]))
  switch (dice.below(6)) {
    case 0:
      return dice.pick(noise)
    case 1:
      return `{"items":[${Array.from({ length: dice.below(3) }, row).join(', ')}],"page":1,"more":"${marker}"}`
    case 2:
      return `{"data":${row()},"more":"${marker}"}`
    default:
      return row()
  }
}

/** Each line with a line end of its own. */
function write(dice: Dice): string {
  const lines: string[] = []
  for (let events = dice.below(5); events >= 0; events--) {
    if (dice.below(3) > 0)
      lines.push(`event:${dice.pick([' ', ''])}${dice.pick(['order', 'ping', 'secret', 'message', 'a.b', 'é', ''])}`)
    if (dice.below(3) === 0) lines.push(`id${dice.pick([': 7', ':8-a', ': {"id":7}', '', ': a\0'])}`)
    if (dice.below(4) === 0) lines.push(`retry: ${dice.pick(['10', '1x', '99999999999'])}`)
    if (dice.below(4) === 0)
      lines.push(
        dice.pick([
          ': hi',
          ':',
          'other: x',
          'data',
          'x',
          `:${'y'.repeat(200)}`,
          `${'y'.repeat(170)}data: ${own[0] ?? ''}`,
          '\ufeff',
        ]),
      )
    const data = document(dice)
    const at = dice.below(data.length + 1)
    const pieces = dice.below(3) === 0 ? [data.slice(0, at), data.slice(at)] : [data]
    lines.push(...pieces.map((piece) => `data:${dice.pick([' ', ''])}${piece}`))
    if (dice.below(9) > 0) lines.push('')
  }
  return lines.map((line) => line + dice.pick(['\n', '\n', '\r\n', '\r'])).join('')
}

const odd = [0x00, 0x0a, 0x0a, 0x0d, 0x0d, 0x20, 0x22, 0x3a, 0x64, 0x7f, 0x80, 0xbb, 0xc3, 0xe2, 0xef, 0xff, 0x0b]

function check(seed: number, mutated: boolean): number {
  const dice = new Dice(seed)
  const plan = dice.pick(plans)
  const rows = dice.pick(places)
  const text = Buffer.from(write(dice))
  const bytes = mutated ? dice.mutate(text, odd) : text
  const context = `seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`
  const outcome = run(new EventFilter(plan, rows), bytes, dice.cuts(bytes.length))
  assert.equal(outcome.code, undefined, context)
  const events = read(rows, outcome.released)
  assert.deepEqual(events, expect(plan, rows, bytes), context)
  for (const { type, data } of events)
    if (!mutated && rows.types.get(type || 'message') === 'rows') assert.ok(!(data ?? '').includes(marker), context)
  return events.length
}

describe('the filter of events against the reference', () => {
  it('gives what a plain reading of the whole text gives, wherever the chunks end', () => {
    let events = 0
    for (let seed = 1; seed <= runs(12_000); seed++) events += check(seed, false)
    assert.ok(events > runs(9_000), `${events} events`)
  })

  it('does so for streams that are broken at any byte, and never ends them', () => {
    let events = 0
    for (let seed = 1; seed <= runs(12_000); seed++) events += check(seed + 1_000_000, true)
    assert.ok(events > runs(8_000), `${events} events`)
  })
})
