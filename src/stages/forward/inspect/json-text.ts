import { parseJsonExact } from '../../../mask/row-values.ts'
import type { FindingRule } from './finding.ts'
import { visible } from './names.ts'

const maxDepth = 64
const maxBlank = 256

export interface ParsedJson {
  readonly document?: unknown
  /** `unreadable` = no JSON at all. */
  readonly fault?: FindingRule
}

/** JSON with one meaning, numbers as `JsonNumber`, or why it is none. */
export function parseJson(text: string): ParsedJson {
  try {
    return { document: parseJsonExact(text, { maxLength: text.length, maxDepth }) }
  } catch {
    // It throws where the text is not JSON with one meaning, and for no other reason.
    return { fault: parseFault(text) }
  }
}

/** Why an exact reader refuses; the platform's reader takes any depth, and a key twice. */
function parseFault(text: string): FindingRule {
  try {
    JSON.parse(text)
  } catch {
    return 'unreadable'
  }
  return isTooDeep(text) ? 'too-deep' : 'duplicate-key'
}

/** Of a text that is JSON. */
function isTooDeep(json: string): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at]
    if (character === '"') at = stringEnd(json, at)
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth -= 1
    if (depth > maxDepth) return true
  }
  return false
}

function stringEnd(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

/** Also behind what is blank or invisible. */
export function beginsLikeJson(text: string): boolean {
  const first = text.charCodeAt(0)
  if (first > 0x20 && first < 0x7f) return first === 0x7b || first === 0x5b
  const seen = visible(text.slice(0, maxBlank)).trimStart()
  return seen === '' ? text.length > maxBlank : /^[{[]/.test(seen)
}

const maxNoise = 10_000

/** JSON in texts of a document: which of them may be some, and how many only looked like it. */
export class TextNoise {
  #count = 0

  /** The object or list that a text is; undefined where it is only a text. */
  parse(text: string): ParsedJson | undefined {
    if (!mayBeJson(text)) return undefined
    const parsed = parseJson(text)
    if (parsed.fault !== 'unreadable') return parsed
    // To find out costs more than reading the text.
    this.#count += 1
    return this.#count > maxNoise ? { fault: 'too-many' } : undefined
  }
}

/** Says yes to all objects and lists, and no to most that is none, such as `[draft]` and `{name}`. */
function mayBeJson(text: string): boolean {
  const first = text.charCodeAt(0)
  if (first > 0x20 && first !== 0x7b && first !== 0x5b) return false
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return trimmed.endsWith('}') && /^\{\s*["}]/.test(trimmed)
  return trimmed.startsWith('[') && trimmed.endsWith(']') && /^\[\s*[-"{[\]0-9tfn]/.test(trimmed)
}
