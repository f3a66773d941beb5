import { isUtf8, type MediaType, parseMediaType } from './media-type.ts'
import { decodeUtf8 } from './utf8.ts'

export interface PartHead {
  readonly name: string
  /** `filename` and `filename*`; none = a field. */
  readonly filenames: readonly string[]
  readonly type: MediaType | undefined
  /** Content-Length as written. */
  readonly length: string | undefined
}

export interface FormPart extends PartHead {
  readonly content: Uint8Array
}

// oxlint-disable-next-line no-control-regex -- they are what is refused
const line = /^(?<name>[A-Za-z-]+):(?<value>[^\0-\x1f\x7f]*)$/
const codings: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])
const allowed: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-type',
  'content-transfer-encoding',
  'content-length',
])

/** Reads the header fields of a part, each at most once. */
export function parsePartHead(bytes: Uint8Array): PartHead | 'unreadable' | 'charset' | 'content-type' {
  const text = decodeUtf8(bytes)
  if (text === undefined) return 'charset'
  const fields = parseFields(text)
  if (fields === undefined) return 'unreadable'
  const disposition = parseDisposition(fields.get('content-disposition') ?? '')
  const coding = fields.get('content-transfer-encoding') ?? 'binary'
  if (disposition === undefined || !codings.has(coding.toLowerCase())) return 'unreadable'
  const written = fields.get('content-type')
  const type = written === undefined ? undefined : parseMediaType(written)
  if (written !== undefined && (type === undefined || isNested(type))) return 'content-type'
  if (type !== undefined && !isUtf8(type)) return 'charset'
  return { ...disposition, type, length: fields.get('content-length') }
}

/** Undefined where a line is folded, repeated, or not one of the known fields. */
function parseFields(text: string): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>()
  for (const each of text.split('\r\n')) {
    const groups = line.exec(each)?.groups
    const name = groups?.['name']?.toLowerCase() ?? ''
    if (!allowed.has(name) || fields.has(name)) return undefined
    fields.set(name, groups?.['value']?.replace(/^ +/, '') ?? '')
  }
  return fields
}

function isNested({ essence }: MediaType): boolean {
  return essence.startsWith('multipart/') || essence.startsWith('message/')
}

const token = '[0-9A-Za-z!#&+.^_`|~-]+'
const quoted = '"[^"\\\\]*"'
const extended = "[Uu][Tt][Ff]-8'[0-9A-Za-z-]*'(?:[0-9A-Za-z!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})*"
const parameter = `; *(?:(?:name|filename)=(?:${token}|${quoted})|filename\\*=${extended})`
const dispositionPattern = new RegExp(`^form-data(?:${parameter})+$`, 'i')
const parameterPattern = new RegExp(`; *(name|filename\\*?)=(?:"([^"]*)"|([^";]*))`, 'gi')
/** RFC 2047: some readers decode it here. */
const encodedWord = /=\?/

function parseDisposition(text: string): Pick<PartHead, 'name' | 'filenames'> | undefined {
  if (!dispositionPattern.test(text) || encodedWord.test(text)) return undefined
  const found = new Map<string, string>()
  for (const [, key = '', inQuotes, bare = ''] of text.matchAll(parameterPattern)) {
    if (found.has(key.toLowerCase())) return undefined
    found.set(key.toLowerCase(), inQuotes ?? bare)
  }
  const name = found.get('name')
  const filename = found.get('filename')
  const long = found.get('filename*')
  // Readers that do not know `filename*` would take the part for a field.
  if (name === undefined || (long !== undefined && filename === undefined)) return undefined
  const decoded = long === undefined ? undefined : decodeExtended(long)
  if (long !== undefined && decoded === undefined) return undefined
  return { name, filenames: [filename, decoded].filter((each) => each !== undefined) }
}

/** RFC 8187 section 3.2. */
function decodeExtended(text: string): string | undefined {
  try {
    return decodeURIComponent(text.slice(text.lastIndexOf("'") + 1))
  } catch {
    return undefined
  }
}
