import type { RequestHeaders } from '../../../exchange.ts'
import { type Finding, type FindingPlace, finding } from './finding.ts'
import { inspectFormData } from './form-data.ts'
import { type Inspection, type InspectionRules, inspectionOf, tenantsOnly } from './inspection.ts'
import { inspectJson, inspectParameterText } from './json.ts'
import { beginsLikeJson } from './json-text.ts'
import { type BodyKind, isUtf8, kindOf, type MediaType, parseMediaType } from './media-type.ts'
import { isBoundary } from './multipart.ts'
import { inspectPairs } from './parameters.ts'
import { decodeUtf8 } from './utf8.ts'
import { inspectXml } from './xml.ts'

/** What the head says about the body. */
interface BodyHead {
  readonly kind: BodyKind | 'unlabelled'
  readonly boundary: string
}

/** Whether a body must be read whole to be inspected. */
export function needsWholeBody(headers: RequestHeaders, rules: InspectionRules): boolean {
  const inspection = inspectionOf(rules)
  if (inspection === undefined) return false
  const head = readHead(headers, inspection)
  return 'rule' in head || head.kind !== 'other'
}

/** Inspects the head of a request that has a body, before any of it is read. */
export function inspectBodyHead(headers: RequestHeaders, rules: InspectionRules): Finding | undefined {
  const inspection = inspectionOf(rules)
  if (inspection === undefined) return undefined
  const head = readHead(headers, inspection)
  return 'rule' in head ? head : undefined
}

/** Inspects a body and the head that labels it. */
export function inspectWholeBody(
  headers: RequestHeaders,
  body: Uint8Array,
  rules: InspectionRules,
): Finding | undefined {
  const inspection = body.length === 0 ? undefined : inspectionOf(rules)
  if (inspection === undefined) return undefined
  const head = readHead(headers, inspection)
  if ('rule' in head) return head
  return inspectContent(head, body, inspection)
}

const unlabelled: BodyHead = { kind: 'unlabelled', boundary: '' }

function readHead(headers: RequestHeaders, inspection: Inspection): BodyHead | Finding {
  const [written, ...more] = headers.all('content-type')
  const type = written === undefined ? undefined : parseMediaType(written)
  if (more.length > 0 || (written !== undefined && type === undefined)) return finding('content-type', 'head')
  const kind = type === undefined ? 'unlabelled' : kindOf(type.essence)
  const isOpen = inspection.profile === 'raw'
  if (!isOpen && (kind === 'unlabelled' || kind === 'other')) return finding('content-type', 'head')
  if (kind === 'other') return { kind, boundary: '' }
  // Bytes can be one text as they are and another one decoded (CWE-436).
  if (headers.all('content-encoding').length > 0) return finding('content-encoding', 'head')
  return type === undefined ? unlabelled : labelled(type, kind)
}

function labelled(type: MediaType, kind: BodyHead['kind']): BodyHead | Finding {
  if (!isUtf8(type)) return finding('charset', 'head')
  if (kind !== 'multipart') return { kind, boundary: '' }
  const boundary = type.parameters.get('boundary') ?? ''
  // PHP takes the first `boundary` it sees, also in another parameter.
  const isAlone = [...type.parameters.keys()].every((name) => name === 'boundary' || name === 'charset')
  return isAlone && isBoundary(boundary) ? { kind, boundary } : finding('content-type', 'head')
}

function inspectContent({ kind, boundary }: BodyHead, body: Uint8Array, inspection: Inspection): Finding | undefined {
  switch (kind) {
    case 'json':
      return inspectText(body, 'json', (text) => inspectJson(text, inspection, 'json'))
    case 'xml':
      return inspectText(body, 'xml', (text) => inspectXml(text, inspection, 'xml'))
    case 'form':
      return inspectText(body, 'form', (text) => inspectForm(text, inspection))
    case 'multipart':
      return inspectFormData(body, boundary, inspection)
    case 'text':
    case 'unlabelled':
      return inspectPlain(body, inspection)
    case 'other':
      return undefined
  }
}

function inspectText(
  body: Uint8Array,
  where: FindingPlace,
  inspect: (text: string) => Finding | undefined,
): Finding | undefined {
  const text = decodeUtf8(body)
  return text === undefined ? finding('charset', where) : inspect(text)
}

function inspectForm(text: string, inspection: Inspection): Finding | undefined {
  return inspectLabel(text, inspection) ?? inspectPairs(text, inspection, 'form')
}

/** Text in which no structure is looked for; it must not be a document that an upstream would read all the same. */
function inspectPlain(body: Uint8Array, inspection: Inspection): Finding | undefined {
  const text = decodeUtf8(body)
  if (text === undefined) return inspectUndecoded(body, inspection)
  const found = inspectLabel(text, inspection)
  if (found !== undefined || inspection.profile !== 'odata') return found
  // `POST …/$query` (OData 4.01) has its query options in the body, as plain text.
  const named = inspectPairs(text, tenantsOnly(inspection), 'form')
  return named?.rule === 'tenant' ? named : undefined
}

function inspectUndecoded(body: Uint8Array, { profile }: Inspection): Finding | undefined {
  const isSuspect = profile !== 'raw' || beginsLikeJson(Buffer.from(body.subarray(0, 1024)).toString())
  return isSuspect ? finding('charset', 'head') : undefined
}

/** Of a text that is not labelled as a document, and looks like one: many upstreams do not ask for the label. */
function inspectLabel(text: string, inspection: Inspection): Finding | undefined {
  if (inspection.profile === 'raw') return inspectParameterText('', text, inspection, 'json')
  return beginsLikeJson(text) || /^\s*</.test(text) ? finding('content-type', 'head') : undefined
}
