import type { RequestHeaders } from '../../../exchange.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import { type Finding, type FindingPlace, finding } from './finding.ts'
import type { InspectionRules } from './inspection.ts'
import { kindOf, type MediaType, parseMediaType } from './media-type.ts'
import { readMultipart } from './multipart.ts'
import { decodeUtf8 } from './utf8.ts'
import { WithheldReading } from './withheld-reading.ts'
import { WithheldWords } from './withheld-words.ts'
import { xmlAsks } from './withheld-xml.ts'

/** Inspects a query string (`?a=b`, or nothing) for parameters that ask about a withheld field. */
export function inspectWithheldQuery(query: string, { withheld }: InspectionRules): Finding | undefined {
  if (withheld.length === 0) return undefined
  return readingFor(withheld).pairsAsk(query.slice(1)) ? finding('withheld', 'query') : undefined
}

/** The same of a body. What cannot be read is the business of the other rules. */
export function inspectWithheldBody(
  headers: RequestHeaders,
  body: Uint8Array,
  { withheld }: InspectionRules,
): Finding | undefined {
  if (withheld.length === 0) return undefined
  const type = parseMediaType(headers.all('content-type')[0] ?? 'text/plain')
  const where = type === undefined ? undefined : placeOf(type)
  if (type === undefined || where === undefined) return undefined
  return bodyAsks(where, type, body, readingFor(withheld)) ? finding('withheld', where) : undefined
}

/** Whether a parameter asks about a withheld field. */
export function parameterAsks(name: string, value: string, withheld: readonly FieldDeclaration[]): boolean {
  return withheld.length > 0 && readingFor(withheld).pairAsks(name, value)
}

/** Whether a JSON document, as our reader makes it, asks about one. */
export function documentAsks(document: unknown, withheld: readonly FieldDeclaration[]): boolean {
  return withheld.length > 0 && readingFor(withheld).documentAsks(document)
}

const known = new WeakMap<readonly FieldDeclaration[], WithheldWords>()

function readingFor(withheld: readonly FieldDeclaration[]): WithheldReading {
  const words = known.get(withheld) ?? new WithheldWords(withheld)
  known.set(withheld, words)
  return new WithheldReading(words)
}

function placeOf({ essence }: MediaType): FindingPlace | undefined {
  const kind = kindOf(essence)
  if (kind === 'other') return undefined
  return kind === 'text' ? 'head' : kind
}

function bodyAsks(where: FindingPlace, type: MediaType, body: Uint8Array, reading: WithheldReading): boolean {
  if (where === 'multipart') return partsAsk(body, type.parameters.get('boundary') ?? '', reading)
  const text = decodeUtf8(body)
  if (text === undefined) return false
  if (where === 'form') return reading.pairsAsk(text)
  return where === 'xml' ? xmlAsks(text, reading) : reading.pairAsks('', text)
}

function partsAsk(body: Uint8Array, boundary: string, reading: WithheldReading): boolean {
  const parts = readMultipart(body, boundary)
  if (typeof parts === 'string') return false
  return parts.some(({ name, filenames, type, content }) => {
    const isRead = filenames.length === 0 || (type !== undefined && kindOf(type.essence) === 'json')
    return reading.pairAsks(name, (isRead ? decodeUtf8(content) : undefined) ?? '')
  })
}
