import { type Finding, finding } from './finding.ts'
import { type Inspection, tenantsOnly } from './inspection.ts'
import { inspectJson } from './json.ts'
import { kindOf } from './media-type.ts'
import { readMultipart } from './multipart.ts'
import { visible } from './names.ts'
import { inspectName, inspectParameter } from './parameters.ts'
import type { FormPart } from './part-head.ts'
import { decodeUtf8 } from './utf8.ts'
import { inspectXml } from './xml.ts'

/** Inspects multipart/form-data: fields like parameters; of files the names, and what is labelled JSON. */
export function inspectFormData(body: Uint8Array, boundary: string, inspection: Inspection): Finding | undefined {
  const parts = readMultipart(body, boundary)
  if (typeof parts === 'string') return finding(parts, 'multipart')
  for (const part of parts) {
    const found = part.filenames.length === 0 ? inspectField(part, inspection) : inspectFile(part, inspection)
    if (found !== undefined) return found
  }
  return undefined
}

function inspectField({ name, type, content }: FormPart, inspection: Inspection): Finding | undefined {
  const value = decodeUtf8(content)
  if (value === undefined) return finding('charset', 'multipart')
  const found = inspectParameter(name, value, inspection, 'multipart')
  if (found !== undefined || type === undefined) return found
  const kind = kindOf(type.essence)
  if (kind === 'json') return inspectJson(value, inspection, 'multipart')
  return kind === 'xml' ? inspectXml(value, inspection, 'multipart') : undefined
}

function inspectFile({ name, filenames, type, content }: FormPart, inspection: Inspection): Finding | undefined {
  if (inspection.tenants.has(name)) return finding('tenant', 'multipart')
  // Without a name some readers see a file and some a field; browsers send it for a file that was not chosen.
  if (filenames.includes('') && content.length > 0) return finding('unreadable', 'multipart')
  if (inspection.profile !== 'raw') {
    if (filenames.some((filename) => !isSafe(filename))) return finding('filename', 'multipart')
    const found = inspectName(name, inspection, 'multipart')
    if (found !== undefined) return found
  }
  return type !== undefined && kindOf(type.essence) === 'json' ? inspectJsonFile(content, inspection) : undefined
}

/** Script can only send a document as a part of type JSON by calling it a file. */
function inspectJsonFile(content: Uint8Array, inspection: Inspection): Finding | undefined {
  if (inspection.tenants.isEmpty) return undefined
  const text = decodeUtf8(content)
  return text === undefined ? finding('charset', 'multipart') : inspectJson(text, tenantsOnly(inspection), 'multipart')
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unsafe = /[\0-\x1f\x7f/\\]|^\.\.|^\.$|%(?:00|2f|5c)/i

/** Names no place outside the folder that an app would put it in. */
function isSafe(filename: string): boolean {
  return !unsafe.test(filename) && !unsafe.test(visible(filename).trim())
}
