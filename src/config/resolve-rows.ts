import { createHash } from 'node:crypto'
import type { DocumentRows, ElementPath, EventRows, HtmlRows, RowPointer, RowsConfig } from './config.ts'
import { parseElementPath, parseHtmlPlace, parseXmlPlace } from './row-places.ts'
import { parseRowPointer } from './row-pointer.ts'
import type { Source } from './schema.ts'

type RowsSource = NonNullable<Source['apps'][number]['routes'][number]['rows']>
type DocumentSource = Pick<RowsSource, 'at' | 'total' | 'keep' | 'strict'>

/** Gives checked rows their final form. */
export function resolveRows(rows: RowsSource | undefined): RowsConfig {
  if (rows === undefined) throw new TypeError('a dataset without rows got past the checks')
  const { xml, csv, events, html, graphql, frames } = rows
  return {
    ...resolveDocument(rows),
    xml:
      xml === undefined
        ? undefined
        : { at: xml.at.map(elementPath), fields: places(xml.fields, parseXmlPlace), keep: xml.keep.map(elementPath) },
    csv:
      csv === undefined ? undefined : { delimiter: csv.delimiter, columns: new Map(Object.entries(csv.columns ?? {})) },
    events: events === undefined ? undefined : resolveEvents(events),
    html: html === undefined ? undefined : resolveHtml(html),
    graphql: graphql === undefined ? undefined : { operations: graphql.operations.map(resolveOperation) },
    frames:
      frames === undefined
        ? undefined
        : {
            at: frames.at.map(rowPointer),
            keep: frames.keep.map(rowPointer),
            client: frames.client.map(rowPointer),
          },
  }
}

export function rowPointer(text: string): RowPointer {
  return parsed(parseRowPointer(text))
}

function resolveDocument({ at, total, keep, strict }: DocumentSource): DocumentRows {
  return {
    at: at.map(rowPointer),
    total: total === undefined ? undefined : { at: rowPointer(total.at), policy: total.policy ?? 'null' },
    keep: keep.map(rowPointer),
    strict,
  }
}

function resolveEvents({ types, other, at, keep }: NonNullable<RowsSource['events']>): EventRows {
  return { types: new Map(Object.entries(types)), other, at: at.map(rowPointer), keep: keep.map(rowPointer) }
}

function resolveHtml({ remove, rows, scripts }: NonNullable<RowsSource['html']>): HtmlRows {
  return {
    remove,
    rows: rows.map(({ select, fields }) => ({ select, fields: places(fields, parseHtmlPlace) })),
    scripts: scripts.map(({ select, ...rest }) => ({ select, rows: resolveDocument(rest) })),
  }
}

function resolveOperation(operation: NonNullable<RowsSource['graphql']>['operations'][number]) {
  const { name, document, sha256 = digest(document) } = operation
  return { name, sha256, rows: resolveDocument(operation) }
}

function digest(document: string | undefined): string {
  if (document === undefined) throw new TypeError('an operation without a document got past the checks')
  return createHash('sha256').update(document).digest('hex')
}

function elementPath(text: string): ElementPath {
  return parsed(parseElementPath(text))
}

function places<Place>(
  source: Readonly<Record<string, string>> | undefined,
  parse: (text: string) => Place | undefined,
): ReadonlyMap<string, Place> {
  return new Map(Object.entries(source ?? {}).map(([field, text]) => [field, parsed(parse(text))]))
}

function parsed<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('a place got past the checks')
  return value
}
