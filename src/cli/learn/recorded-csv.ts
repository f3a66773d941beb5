import type { LearnedAnswer } from './findings.ts'
import { fitName } from './row-fields.ts'
import { Sample } from './sample.ts'

const delimiters = [',', ';', '\t', '|'] as const
const maxColumns = 200

/** Records of one table, met in one file or several. */
export class CsvSamples {
  readonly #rows = new Sample()
  readonly #columns = new Map<string, string>()
  #delimiter: string | undefined
  readonly #notes = new Set<string>()

  add(text: string): void {
    const header = text.slice(0, Math.max(0, text.search(/\r?\n|$/)))
    const delimiter = delimiters.toSorted((a, b) => cells(header, b) - cells(header, a))[0] ?? ','
    if (this.#delimiter !== undefined && delimiter !== this.#delimiter)
      return void this.#notes.add('tables with different delimiters: the first one counts')
    this.#delimiter = delimiter
    const [names, ...records] = parseCsv(text, delimiter)
    if (names === undefined || names.length > maxColumns) return void this.#notes.add('no line of column names')
    if (new Set(names).size < names.length) this.#notes.add('a column name occurs twice: the edge would block it')
    for (const record of records) this.#addRecord(names, record)
  }

  #addRecord(names: readonly string[], record: readonly string[]): void {
    if (record.length !== names.length)
      return void this.#notes.add('a record has more or fewer cells than there are columns: the edge would block it')
    this.#rows.addObject()
    for (const [i, cell] of record.entries()) {
      const column = names[i] ?? ''
      this.#columns.set(fitName(column), column)
      this.#rows.member(fitName(column)).addText(cell)
    }
  }

  answer(): LearnedAnswer {
    const shape = this.#rows.shape()
    const rows = shape.kind === 'object' ? [{ at: '/', shape, list: true }] : []
    const notes = [...this.#notes, ...(rows.length === 0 ? ['a table without records'] : [])]
    return { kind: 'csv', rows, totals: [], beside: [], notes, places: this.#columns, delimiter: this.#delimiter }
  }
}

function cells(line: string, delimiter: string): number {
  return line.split(delimiter).length
}

/** RFC 4180; what comes behind a fault is left out. */
function parseCsv(text: string, delimiter: string): readonly (readonly string[])[] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  while (at < text.length) {
    const end = cellEnd(text, at, delimiter)
    if (end === undefined) break
    record.push(cellText(text.slice(at, end)))
    at = end + 1
    if (text[end] === delimiter) continue
    if (text[end] === '\r') at++
    records.push(record)
    record = []
  }
  return records
}

/** Where the delimiter or the line break behind a cell stands; a search by pattern would need a stack as long as the cell. */
function cellEnd(text: string, from: number, delimiter: string): number | undefined {
  let at = from
  if (text[at] === '"') {
    at = text.indexOf('"', at + 1)
    while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
    if (at < 0) return undefined
    at++
  } else while (at < text.length && !isBorder(text, at, delimiter)) at++
  return at >= text.length || isBorder(text, at, delimiter) ? at : undefined
}

function isBorder(text: string, at: number, delimiter: string): boolean {
  const character = text[at]
  return character === delimiter || character === '\n' || (character === '\r' && text[at + 1] === '\n')
}

function cellText(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
}
