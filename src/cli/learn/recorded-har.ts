import type { RouteMethod } from '../../config/config.ts'
import { isPlainObject } from '../../mask/describe.ts'
import { bodyKind } from '../../stages/filter/body-kind.ts'
import { UsageError } from '../cli.ts'
import { learnedPattern } from './path-text.ts'
import type { RecordedAnswers } from './recorded-answers.ts'

const maxEntries = 20_000
const methods: readonly RouteMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

interface Entry {
  readonly method: RouteMethod
  readonly url: URL
  readonly type: string
  readonly text: string
  readonly body: string | undefined
}

/** Takes the answers of one app out of a HAR file; the origins of the app. */
export function addHar(text: string, file: string, to: RecordedAnswers): readonly string[] {
  const entries = entriesOf(parseHar(text, file), file).flatMap((entry) => readEntry(entry) ?? [])
  const origin = mostFrequent(entries.map(({ url }) => url.origin))
  const others = new Set(entries.map(({ url }) => url.origin).filter((each) => each !== origin))
  if (others.size > 0) to.skip(`${file}: answers of other origins (${others.size})`)
  for (const entry of entries) {
    if (entry.url.origin !== origin) continue
    const path = learnedPattern(safeDecode(entry.url.pathname))
    const kind = bodyKind(entry.type === '' ? [] : [entry.type])
    if (kind === 'other') to.skip(`${entry.method} ${path}: answers of a media type that no reader takes`)
    else if (kind === 'none') to.note(entry.method, path, 'an answer without a body')
    else to.add(entry.method, path, kind, entry.text)
    if (entry.body !== undefined) to.addBody(entry.method, path, entry.body)
  }
  return origin === undefined ? [] : [origin]
}

function parseHar(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${file}: not a HAR file: it is no JSON`, { cause })
  }
}

function entriesOf(har: unknown, file: string): readonly unknown[] {
  const log = isPlainObject(har) ? har['log'] : undefined
  const entries = isPlainObject(log) ? log['entries'] : undefined
  if (!Array.isArray(entries)) throw new UsageError(`${file}: not a HAR file: it has no log.entries`)
  if (entries.length > maxEntries) throw new UsageError(`${file}: more than ${maxEntries} entries`)
  return entries
}

/** Only answers that say yes: what an app says no with holds no rows. */
function readEntry(entry: unknown): Entry | undefined {
  if (!isPlainObject(entry)) return undefined
  const { request, response } = entry
  if (!isPlainObject(request) || !isPlainObject(response)) return undefined
  const method = methods.find((each) => each === request['method'])
  const { status, content } = response
  if (method === undefined || typeof status !== 'number' || status < 200 || status > 299) return undefined
  const url = typeof request['url'] === 'string' && URL.canParse(request['url']) ? new URL(request['url']) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
  const text = isPlainObject(content) ? contentText(content) : ''
  const type = isPlainObject(content) && typeof content['mimeType'] === 'string' ? content['mimeType'] : ''
  return { method, url, type: text === '' ? '' : type, text, body: bodyOf(request['postData']) }
}

function contentText({ text, encoding }: Readonly<Record<string, unknown>>): string {
  if (typeof text !== 'string') return ''
  return encoding === 'base64' ? Buffer.from(text, 'base64').toString('utf8') : text
}

function bodyOf(postData: unknown): string | undefined {
  if (!isPlainObject(postData)) return undefined
  const { mimeType, text } = postData
  if (typeof mimeType !== 'string' || typeof text !== 'string' || bodyKind([mimeType]) !== 'json') return undefined
  return text
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0]
}

function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path.replaceAll(/%2f/gi, '%252F'))
  } catch {
    return path
  }
}
