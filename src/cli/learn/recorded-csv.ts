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

/** RFC 4180; a record that is broken off is left out. */
function parseCsv(text: string, delimiter: string): readonly (readonly string[])[] {
  const special = delimiter === '|' ? '\\|' : delimiter
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${special}\\r\\n]*))(${special}|\\r?\\n|$)`, 'y')
  const records: string[][] = []
  let record: string[] = []
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (match === null) break
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === delimiter) continue
    records.push(record)
    record = []
  }
  return records
}
