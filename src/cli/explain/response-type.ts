import { UsageError } from '../cli.ts'

const byExtension: ReadonlyMap<string, string> = new Map([
  ['json', 'application/json'],
  ['ndjson', 'application/x-ndjson'],
  ['jsonl', 'application/jsonl'],
  ['xml', 'application/xml'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['htm', 'text/html'],
  ['sse', 'text/event-stream'],
  ['events', 'text/event-stream'],
])

/** The Content-Type that an answer kept in `file` is taken to have come with. */
export function responseType(file: string, given: string | undefined): string {
  if (given !== undefined) return given
  const type = byExtension.get(/\.([A-Za-z]+)$/.exec(file)?.[1]?.toLowerCase() ?? '')
  if (type !== undefined) return type
  throw new UsageError('--response-type is missing: the name of the file does not tell the kind of the answer')
}
