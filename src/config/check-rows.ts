import { createHash } from 'node:crypto'
import { parseHtmlSelector } from '../lib/html-selector.ts'
import type { Dataset } from '../mask/language.ts'
import type { ElementPath, RowPointer } from './config.ts'
import { type Path, suggestion } from './problems.ts'
import type { Report } from './report.ts'
import { parseElementPath, parseHtmlPlace, parseXmlPlace } from './row-places.ts'
import { overlaps, parseRowPointer } from './row-pointer.ts'
import type { Source } from './schema.ts'

type RouteSource = Source['apps'][number]['routes'][number]
type RowsSource = NonNullable<RouteSource['rows']>
type DocumentSource = Pick<RowsSource, 'at' | 'total' | 'keep'>

const otherRows = 'holds the rows of another place, or stands inside them'
const otherKept = 'is kept already, or holds what is'

/** Where the rows of a route's answers stand, in every kind that it declares; `dataset` = undefined where it is wrong itself. */
export function checkRows(rows: RowsSource, path: Path, dataset: Dataset | undefined, report: Report): void {
  const { xml, csv, events, html, graphql, frames } = rows
  checkDocument(rows, path, report)
  if (rows.at.length === 0 && [xml, csv, events, html, graphql, frames].every((kind) => kind === undefined))
    report.add(path, 'says nowhere where rows stand: name a place, such as at: [/items/*]')
  if (rows.at.length === 0 && rows.total !== undefined)
    report.add([...path, 'total'], 'means nothing without at', 'key')
  if (xml !== undefined) checkXml(xml, [...path, 'xml'], dataset, report)
  checkNames(csv?.columns, [...path, 'csv', 'columns'], dataset, report)
  if (events !== undefined) checkDocument(events, [...path, 'events'], report)
  if (frames !== undefined) {
    checkDocument(frames, [...path, 'frames'], report)
    checkPointers(frames.client, [...path, 'frames', 'client'], report)
  }
  if (html !== undefined) checkHtml(html, [...path, 'html'], dataset, report)
  if (graphql === undefined) return
  if (rows.at.length > 0)
    report.add([...path, 'at'], 'means nothing beside graphql: each operation says where its rows stand')
  checkOperations(graphql, [...path, 'graphql', 'operations'], report)
}

function checkOperations({ operations }: NonNullable<RowsSource['graphql']>, path: Path, report: Report): void {
  const seen = new Set<string>()
  for (const [i, operation] of operations.entries()) {
    const at = [...path, i]
    checkDocument(operation, at, report)
    const { name, document, sha256 } = operation
    if ((document === undefined) === (sha256 === undefined)) {
      report.add(at, 'needs either document or sha256')
      continue
    }
    const key = `${
      sha256 ??
      createHash('sha256')
        .update(document ?? '')
        .digest('hex')
    } ${name}`
    if (seen.has(key)) report.add(at, 'is listed twice')
    seen.add(key)
  }
}

export function checkPointers(
  pointers: readonly string[],
  path: Path,
  report: Report,
  key?: string,
): readonly (readonly string[] | undefined)[] {
  const seen = new Set<string>()
  return pointers.map((text, i) => {
    const pointer = parseRowPointer(text)
    const place = [...path, key ?? i]
    if (pointer === undefined) report.add(place, 'must be an RFC 6901 pointer such as /items/*')
    else if (seen.has(text)) report.add(place, 'is listed twice')
    seen.add(text)
    return pointer
  })
}

function checkDocument(
  rows: Omit<DocumentSource, 'total'> & { total?: DocumentSource['total'] },
  path: Path,
  report: Report,
): void {
  const at = checkPointers(rows.at, [...path, 'at'], report)
  checkNesting(at, [...path, 'at'], otherRows, report)
  const keep = checkPointers(rows.keep, [...path, 'keep'], report)
  for (const [i, pointer] of keep.entries()) {
    const leaks = pointer !== undefined && at.some((row) => row !== undefined && overlaps(row, pointer))
    if (leaks) report.add([...path, 'keep', i], 'would let rows through unfiltered')
  }
  checkNesting(keep, [...path, 'keep'], otherKept, report)
  if (rows.total === undefined) return
  const [total] = checkPointers([rows.total.at], [...path, 'total'], report, 'at')
  if (total === undefined) return
  const misplaced =
    total.length === 0 || total.includes('*') || at.some((row) => row !== undefined && overlaps(row, total))
  if (misplaced) report.add([...path, 'total', 'at'], 'must be one value outside the rows')
  else if (keep.some((kept) => kept !== undefined && (holds(kept, total) || holds(total, kept))))
    report.add([...path, 'total', 'at'], 'is kept as it is, or holds what is')
}

/** No pointer leads through the place of another. Equal ones have been told already. */
function checkNesting(
  pointers: readonly (RowPointer | undefined)[],
  path: Path,
  message: string,
  report: Report,
): void {
  for (const [i, pointer] of pointers.entries()) {
    const meets = (other: RowPointer | undefined): boolean =>
      pointer !== undefined &&
      other !== undefined &&
      other.length !== pointer.length &&
      (holds(other, pointer) || holds(pointer, other))
    if (pointers.slice(0, i).some(meets)) report.add([...path, i], message)
  }
}

/** A `*` is every element of a list, and no member of an object. */
function holds(outer: RowPointer, inner: RowPointer): boolean {
  return outer.every((token, i) => inner[i] === token)
}

function checkXml(xml: NonNullable<RowsSource['xml']>, path: Path, dataset: Dataset | undefined, report: Report): void {
  const at = xml.at.map((text, i) => {
    const names = parseElementPath(text)
    if (names === undefined || names.length < 2)
      report.add([...path, 'at', i], 'must name elements from the root down to the row, such as /orders/order')
    return names
  })
  checkApart(at, [...path, 'at'], otherRows, report)
  const keep = xml.keep.map((text, i) => {
    const names = parseElementPath(text)
    if (names === undefined) report.add([...path, 'keep', i], 'must name elements from the root down')
    else if (at.some((row) => row !== undefined && overlaps(row, names)))
      report.add([...path, 'keep', i], 'would let rows through unfiltered')
    return names
  })
  checkApart(keep, [...path, 'keep'], otherKept, report)
  for (const [field, text] of Object.entries(xml.fields ?? {})) {
    if (parseXmlPlace(text) === undefined)
      report.add([...path, 'fields', field], 'must be a child element or an attribute, such as price/net or @id')
  }
  checkNames(xml.fields, [...path, 'fields'], dataset, report)
  checkDefaultPlaces(xml, path, dataset, report)
}

/** No path of elements leads to two of them. */
function checkApart(places: readonly (ElementPath | undefined)[], path: Path, message: string, report: Report): void {
  for (const [i, place] of places.entries()) {
    const meets = (other: ElementPath | undefined): boolean =>
      place !== undefined && other !== undefined && overlaps(other, place)
    if (places.slice(0, i).some(meets)) report.add([...path, i], message)
  }
}

/** A field that no element can hold would never be read, and never be withheld. */
function checkDefaultPlaces(
  { fields = {} }: NonNullable<RowsSource['xml']>,
  path: Path,
  dataset: Dataset | undefined,
  report: Report,
): void {
  for (const { name, path: tokens } of dataset?.fields.values() ?? []) {
    if (Object.hasOwn(fields, name)) continue
    if (tokens.some((token) => token !== '*' && parseElementPath(`/${token}`)?.length !== 1))
      report.add(
        path,
        `the pointer of the field ${JSON.stringify(name)} names no element: say under fields where it stands`,
      )
  }
}

/** Places are given for fields of the dataset, and for nothing else. */
function checkNames(
  places: Readonly<Record<string, string>> | undefined,
  path: Path,
  dataset: Dataset | undefined,
  report: Report,
): void {
  if (dataset === undefined) return
  for (const name of Object.keys(places ?? {})) {
    if (dataset.fields.has(name)) continue
    const hint = suggestion(name, dataset.fields.keys())
    report.add([...path, name], `the dataset has no field ${JSON.stringify(name)}${hint}`, 'key')
  }
}

function checkHtml(
  html: NonNullable<RowsSource['html']>,
  path: Path,
  dataset: Dataset | undefined,
  report: Report,
): void {
  for (const [i, { select }] of html.remove.entries()) checkSelector(select, [...path, 'remove', i, 'select'], report)
  for (const [i, { select, fields }] of html.rows.entries()) {
    checkSelector(select, [...path, 'rows', i, 'select'], report)
    checkNames(fields, [...path, 'rows', i, 'fields'], dataset, report)
    for (const [field, text] of Object.entries(fields ?? {})) {
      const at = [...path, 'rows', i, 'fields', field]
      const place = parseHtmlPlace(text)
      if (place === undefined) report.add(at, 'must be a selector or an attribute, such as td.amount or @id')
      else if (place.select !== undefined) checkSelector(place.select, at, report)
    }
  }
  for (const [i, script] of html.scripts.entries()) {
    checkSelector(script.select, [...path, 'scripts', i, 'select'], report)
    checkDocument(script, [...path, 'scripts', i], report)
  }
}

function checkSelector(text: string, path: Path, report: Report): void {
  const parsed = parseHtmlSelector(text)
  if ('problem' in parsed) report.add(path, parsed.problem)
}
