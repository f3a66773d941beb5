import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CsvRows } from '../../src/config/config.ts'
import { type FieldValue, JsonNumber, unreadable } from '../../src/mask/language.ts'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { CsvRowFilter } from '../../src/stages/filter/rows-csv.ts'
import { field, marker, ours, planOf, run } from '../stages/filter/support.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'

const limits = { ...defaultRowLimits, maxRowBytes: 120, maxBlockBytes: 2_000 }
const ownOrOpen = {
  reads: [field('account'), field('amount', ['amount'], 'number' as const), field('state')],
  test: ([account, amount, state]: readonly FieldValue[]) =>
    account === ours && (state === undefined || state === 'a"b' || (amount instanceof JsonNumber && amount.text < '5')),
}
const withhold = [
  { name: 'secret', path: ['secret'] },
  { name: 'pin', path: ['pin'] },
]
const plans: readonly RowPlan[] = [
  planOf({ limits }),
  planOf({ limits, predicate: { reads: [], test: () => true } }),
  planOf({ limits, predicate: ownOrOpen }),
  planOf({ limits, withhold }),
  planOf({ limits, withhold, withheldAs: 'null' }),
  planOf({ limits, predicate: ownOrOpen, withhold: [{ name: 'account', path: ['account'] }] }),
  planOf({ limits, predicate: ownOrOpen, onViolation: 'block' }),
]
const tables: readonly CsvRows[] = [
  { delimiter: ',', columns: new Map() },
  { delimiter: ';', columns: new Map([['amount', 'Betrag']]) },
  { delimiter: '\t', columns: new Map() },
]

interface Expected {
  readonly text: string
  readonly counts: { rows: number; withheld: number; fieldsWithheld: number; violations: number }
}

/** The filter by the book, over the whole text; undefined = refused. */
function expect(plan: RowPlan, rows: CsvRows, bytes: Buffer): Expected | undefined {
  const lines = split(bytes, rows.delimiter)
  if (lines === undefined) return undefined
  const counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  const [header, ...body] = lines.cells
  if (header === undefined) return { text: '', counts }
  const columns = header.map(unquote)
  const columnOf = (name: string): string => rows.columns.get(name) ?? name
  const hidden = plan.withhold.map(({ name }) => columnOf(name))
  const ruled = [...hidden, ...plan.predicate.reads.map(({ name }) => columnOf(name))]
  if (!hasOneReading(columns, ruled)) return undefined
  // A first line without any of them may be a row.
  const { reads } = plan.predicate
  if (reads.length > 0 && !reads.some(({ name }) => columns.includes(columnOf(name)))) return undefined
  const out: string[] = []
  const write = (cells: readonly string[], isHeader: boolean): void => {
    const isOut = columns.map((name) => !hidden.includes(name))
    const left =
      plan.withheldAs === 'removed'
        ? cells.filter((_, at) => isOut[at])
        : cells.map((cell, at) => (isHeader || isOut[at] === true ? cell : ''))
    if (left.length > 0) out.push(left.length === 1 && left[0] === '' ? '""' : left.join(rows.delimiter))
  }
  write(header, true)
  for (const cells of body) {
    counts.rows++
    const read = (empty: '' | null): boolean =>
      plan.predicate.test(
        plan.predicate.reads.map(({ name, type }) => {
          const cell = cells[columns.indexOf(columnOf(name))]
          if (cell === undefined) return undefined
          return cell === '' && empty === null ? null : valueOf(type, unquote(cell))
        }),
      )
    if (read('') && read(null)) {
      counts.fieldsWithheld += columns.filter((name) => hidden.includes(name)).length
      write(cells, false)
    } else if (plan.onViolation === 'block') return undefined
    else counts.withheld++
  }
  const text = out.map((line) => line + lines.ending).join('')
  return plan.onViolation === 'block' && text.length > limits.maxBlockBytes ? undefined : { text, counts }
}

function split(bytes: Buffer, delimiter: string): { cells: string[][]; ending: string } | undefined {
  let text = ''
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  // oxlint-disable-next-line no-control-regex -- what must not stand there
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/u.test(text)) return undefined
  const endings = new Set<string>()
  const cells: string[][] = []
  while (text !== '') {
    const line: string[] = []
    let size = 0
    for (let more = true; more; ) {
      const cell = /^(?:"(?:[^"]|"")*"|[^"\r\n;,\t]*)/u.exec(text.replaceAll(other(delimiter), 'x'))?.[0] ?? ''
      line.push(text.slice(0, cell.length))
      const behind = text.slice(cell.length)
      const end = ['\r\n', '\n'].find((ending) => behind.startsWith(ending))
      more = behind.startsWith(delimiter)
      if (!more && end === undefined && behind !== '') return undefined
      if (end !== undefined) endings.add(end)
      size += Buffer.byteLength(line.at(-1) ?? '') + (more ? 1 : 0)
      text = behind.slice(more ? 1 : (end?.length ?? 0))
    }
    if (size === 0 || size > limits.maxRowBytes) return undefined
    cells.push(line)
  }
  if (endings.size > 1 || cells.some((line) => line.length !== cells[0]?.length)) return undefined
  return { cells, ending: [...endings][0] ?? '\n' }
}

/** The delimiters that are mere text here. */
function other(delimiter: string): RegExp {
  return delimiter === ',' ? /[;\t]/gu : delimiter === ';' ? /[,\t]/gu : /[,;]/gu
}

function unquote(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
}

function valueOf(type: string, text: string): FieldValue {
  if (type === 'string') return text
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/u.test(text) ? new JsonNumber(text) : unreadable
}

function hasOneReading(columns: readonly string[], ruled: readonly string[]): boolean {
  if (new Set(columns).size < columns.length || columns.some((column) => /^(?:sep=|\ufeff)/iu.test(column)))
    return false
  return columns.every(
    (column) => ruled.includes(column) || !ruled.some((name) => new RegExp(`^${name}$`, 'iu').test(column.trim())),
  )
}

const names = [
  'account',
  'amount',
  'Betrag',
  'state',
  'secret',
  'pin',
  'id',
  'note',
  '',
  'größe',
  '"a ""b"""',
  '"x\ny"',
]
const oddNames = ['Account', ' account', 'ſecret', 'PIN ', '"account"', 'sep=', 'id', 'accounts', 'betrag']
const texts = [
  '',
  '""',
  'x',
  '"a""b"',
  ' 3 ',
  '3',
  '"4"',
  '07',
  '-1.5',
  '1e2',
  '"x,y;z\t"',
  'é€𝄞',
  '"\n"',
  'a b',
  '7',
  '"é"',
]

function write(dice: Dice, delimiter: string): string {
  const ending = dice.pick(['\n', '\n', '\r\n'])
  const width = 1 + dice.below(5)
  const header = ['account', ...Array.from({ length: width }, () => dice.pick(names))]
  if (dice.below(12) === 0) header[dice.below(header.length)] = dice.pick(oddNames)
  const columns = dice.below(20) === 0 ? header : [...new Set(header)]
  for (let times = dice.below(3); times > 0; times--) columns.push(...columns.splice(0, 1))
  const lines = Array.from({ length: dice.below(6) }, () => {
    const isOurs = dice.below(5) > 1
    return columns.map((name) => {
      if (name === 'account')
        return isOurs ? dice.pick(['acme', '"acme"', 'acme']) : dice.pick(['beta', 'Acme', '', '"a"'])
      if (!isOurs && name === 'note') return marker
      const text = dice.pick(texts)
      return name === 'amount' || name === 'Betrag' ? dice.pick(['3', '"4"', '7', text]) : text
    })
  })
  const body = [columns, ...lines].map((cells) => cells.join(delimiter)).join(ending)
  return body + (dice.below(3) === 0 ? '' : ending)
}

const odd = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3b, 0x7f, 0x80, 0xa4, 0xc3, 0xe2, 0xed, 0xf4, 0xff, 0x61, 0x0b]

function check(seed: number, mutated: boolean): boolean {
  const dice = new Dice(seed)
  const plan = dice.pick(plans)
  const rows = dice.pick(tables)
  const text = Buffer.from(write(dice, rows.delimiter))
  const bytes = mutated ? dice.mutate(text, odd) : text
  const context = `seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`
  const outcome = run(new CsvRowFilter(plan, rows), bytes, dice.cuts(bytes.length))
  const expected = expect(plan, rows, bytes)
  assert.equal(outcome.text, expected?.text, `${context}\n${outcome.code}`)
  if (!mutated && plan.predicate.reads.length > 0) assert.ok(!outcome.released.includes(marker), context)
  if (expected === undefined) return false
  assert.deepEqual(outcome.counts, expected.counts, context)
  return true
}

describe('the CSV filter against the reference', () => {
  it('gives what a plain reading of the whole text gives, wherever the chunks end', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(12_000); seed++) if (check(seed, false)) accepted++
    assert.ok(accepted > runs(6_000), `${accepted} accepted`)
  })

  it('refuses what is not strictly CSV, and nothing else', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(20_000); seed++) if (check(seed + 1_000_000, true)) accepted++
    assert.ok(accepted > runs(2_000), `${accepted} accepted`)
    assert.ok(accepted < runs(18_000), `${accepted} accepted`)
  })
})
