/** Which reader a body is for. */
export type ReaderKind = 'json' | 'json-lines' | 'events' | 'xml' | 'csv' | 'html'

const readers: ReadonlyMap<string, ReaderKind> = new Map<string, ReaderKind>([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-ndjson', 'json-lines'],
  ['application/ndjson', 'json-lines'],
  ['application/jsonl', 'json-lines'],
  ['application/jsonlines', 'json-lines'],
  ['application/x-jsonlines', 'json-lines'],
  ['application/stream+json', 'json-lines'],
  ['text/event-stream', 'events'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/csv', 'csv'],
  ['application/csv', 'csv'],
  ['text/html', 'html'],
])

/** No reader takes these, and whoever gets them reads them as one of these kinds. */
const unread: ReadonlyMap<string, readonly ReaderKind[]> = new Map<string, readonly ReaderKind[]>([
  // RFC 7464 puts a record separator before each document.
  ['application/json-seq', ['json-lines']],
  // Well-formed XML to some readers and HTML to others.
  ['application/xhtml+xml', ['xml', 'html']],
])

const noKinds: readonly ReaderKind[] = []

/** The reader of a media type without parameters, in lower case; `+json` and `+xml` (RFC 6839) are read like their base. */
export function readerOf(essence: string): ReaderKind | undefined {
  const reader = readers.get(essence)
  if (reader !== undefined || unread.has(essence)) return reader
  if (essence.endsWith('+json')) return 'json'
  return essence.endsWith('+xml') ? 'xml' : undefined
}

/** The kinds of rows that such a body may hold, read here or not; none = it belongs to no reader. */
export function kindsOf(essence: string): readonly ReaderKind[] {
  const reader = readerOf(essence)
  return reader === undefined ? (unread.get(essence) ?? noKinds) : [reader]
}
