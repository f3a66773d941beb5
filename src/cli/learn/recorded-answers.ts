import type { RouteMethod } from '../../config/config.ts'
import { parsePathPattern } from '../../config/path-pattern.ts'
import type { ReaderKind } from '../../stages/filter/body-kind.ts'
import { findRows } from './find-rows.ts'
import { type Findings, jsonAnswer, type LearnedAnswer, type LearnedOperation } from './findings.ts'
import { CsvSamples } from './recorded-csv.ts'
import { HtmlSamples } from './recorded-html.ts'
import { XmlSamples } from './recorded-xml.ts'
import { Sample } from './sample.ts'

const maxOperations = 2000

/** Answers met under one method and path. */
class Met {
  readonly json = new Sample()
  readonly lines = new Sample()
  readonly body = new Sample()
  readonly xml = new XmlSamples()
  readonly csv = new CsvSamples()
  readonly html = new HtmlSamples()
  readonly kinds = new Set<ReaderKind>()
  readonly notes = new Set<string>()
}

/** Collects recorded answers and says what they have in common. */
export class RecordedAnswers {
  readonly #met = new Map<string, Met>()
  readonly #notes = new Set<string>()

  /** `path` is a pattern. */
  add(method: RouteMethod, path: string, kind: ReaderKind, text: string): void {
    const met = this.#at(method, path)
    if (met === undefined) return
    met.kinds.add(kind)
    switch (kind) {
      case 'json':
        if (!addJson(met.json, text)) met.notes.add('an answer was no JSON')
        break
      case 'json-lines':
        for (const line of text.split('\n'))
          if (line.trim() !== '' && !addJson(met.lines, line)) met.notes.add('a line was no JSON')
        break
      case 'xml':
        met.xml.add(text)
        break
      case 'csv':
        met.csv.add(text)
        break
      case 'html':
        met.html.add(text)
        break
      case 'events':
        met.notes.add('server-sent events: say by hand what each type holds (rows.events)')
        break
    }
  }

  addBody(method: RouteMethod, path: string, text: string): void {
    const met = this.#at(method, path)
    if (met !== undefined && !addJson(met.body, text)) met.notes.add('a request body was no JSON')
  }

  /** Something about one path that whoever reviews should know. */
  note(method: RouteMethod, path: string, note: string): void {
    this.#at(method, path)?.notes.add(note)
  }

  /** Something that nothing is proposed for. */
  skip(note: string): void {
    this.#notes.add(note)
  }

  #at(method: RouteMethod, path: string): Met | undefined {
    const fault = parsePathPattern(path)
    const key = `${method} ${path}`
    const known = this.#met.get(key)
    if (known !== undefined) return known
    if (typeof fault === 'string') this.skip(`${key}: its path ${fault}`)
    else if (this.#met.size >= maxOperations) this.skip(`more than ${maxOperations} paths`)
    else this.#met.set(key, new Met())
    return this.#met.get(key)
  }

  findings(source: string, servers: readonly string[]): Findings {
    const operations = [...this.#met].map(([key, met]) => operationOf(key, met))
    return { source, operations, servers, notUnderstood: [...this.#notes] }
  }
}

function operationOf(key: string, met: Met): LearnedOperation {
  const space = key.indexOf(' ')
  // oxlint-disable-next-line no-unsafe-type-assertion -- keys are made of a method, a space and a path
  const method = key.slice(0, space) as RouteMethod
  const body = jsonAnswer(findRows(met.body.shape()))
  return {
    method,
    path: key.slice(space + 1),
    answers: [...met.kinds].flatMap((kind) => answerOf(kind, met)),
    body: body.rows.length === 0 ? undefined : body,
    notes: [...met.notes],
  }
}

function answerOf(kind: ReaderKind, met: Met): readonly LearnedAnswer[] {
  switch (kind) {
    case 'json':
      return [jsonAnswer(findRows(met.json.shape()))]
    case 'json-lines': {
      const shape = met.lines.shape()
      const rows = shape.kind === 'object' ? [{ at: '/', shape, list: true }] : []
      return [{ ...jsonAnswer({ rows, totals: [], beside: [], notes: [] }), kind }]
    }
    case 'xml':
      return [met.xml.answer()]
    case 'csv':
      return [met.csv.answer()]
    case 'html':
      return [met.html.answer()]
    case 'events':
      return []
  }
}

function addJson(to: Sample, text: string): boolean {
  try {
    to.add(JSON.parse(text))
    return true
  } catch (cause) {
    if (cause instanceof SyntaxError) return false
    throw cause
  }
}
