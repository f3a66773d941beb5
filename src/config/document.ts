import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Path } from './problems.ts'

/** Bytes of a configuration file. */
export const maxFileBytes = 1_048_576
const maxDepth = 40
const maxComplaints = 50

export interface Position {
  readonly line: number
  readonly column: number
}

export interface Complaint extends Position {
  readonly path: Path
  readonly message: string
}

/** A YAML document as plain values, and where each of them stands. */
export interface SourceDocument {
  readonly value: unknown
  /** Not empty = the text is not ours to read, and `value` is not to be used. */
  readonly complaints: readonly Complaint[]
  /** Where the value at `path`, or its key, stands; the nearest that holds it where it is absent. */
  locate(path: Path, part: 'key' | 'value'): Position
}

/** Reads one YAML 1.2 document (core schema) without aliases, anchors, tags or merge keys. */
export function parseSource(text: string): SourceDocument {
  const lines = new LineCounter()
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (text.length > maxFileBytes) {
    const message = `is longer than ${maxFileBytes} characters`
    return { value: undefined, complaints: [{ path: [], line: 1, column: 1, message }], locate: () => position(0) }
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    // Not `silent`: that would let a second document pass.
    logLevel: 'error',
    lineCounter: lines,
  })
  const complaints = syntaxComplaints(text, document, position)
  if (complaints.length > 0) return { value: undefined, complaints, locate: () => position(0) }
  const reader = new Reader(position)
  const value = document.contents === null ? null : reader.read(document.contents, [], 0)
  return {
    value,
    complaints: reader.complaints.slice(0, maxComplaints),
    locate: (path, part) => position(offsetOf(document.contents, path, part)),
  }
}

function syntaxComplaints(
  text: string,
  document: Document.Parsed,
  position: (offset: number) => Position,
): Complaint[] {
  const seen = new Set<number>()
  const complaints: Complaint[] = []
  for (const error of [...document.errors, ...document.warnings]) {
    if (seen.has(error.pos[0]) || complaints.length >= maxComplaints) continue
    seen.add(error.pos[0])
    complaints.push({
      path: [],
      ...position(error.pos[0]),
      message: syntaxMessage(error.code, error.message) + hint(text, error.pos[0]),
    })
  }
  return complaints
}

function syntaxMessage(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key is written twice'
    case 'MULTIPLE_DOCS':
      return 'a second document: one file holds one configuration'
    case 'TAG_RESOLVE_FAILED':
      return 'YAML tags are not allowed'
    case 'RESOURCE_EXHAUSTION':
      return 'is nested too deeply'
    default:
      return `is not YAML: ${message}`
  }
}

/** A reference without quotes is a map to YAML where it stands inside brackets. */
function hint(text: string, offset: number): string {
  return text.startsWith('{', offset) && text[offset - 1] === '$' ? '; inside [ ] and { } a ${NAME} needs quotes' : ''
}

class Reader {
  readonly complaints: Complaint[] = []
  readonly #position: (offset: number | undefined) => Position

  constructor(position: (offset: number | undefined) => Position) {
    this.#position = position
  }

  read(node: unknown, path: Path, depth: number): unknown {
    if (depth > maxDepth) return this.#refuse(node, path, 'is nested too deeply')
    if (isAlias(node)) return this.#refuse(node, path, 'YAML aliases are not allowed')
    if (hasMark(node, 'anchor')) this.#refuse(node, path, 'YAML anchors are not allowed')
    if (hasMark(node, 'tag')) this.#refuse(node, path, 'YAML tags are not allowed')
    if (isSeq(node)) return node.items.map((item, i) => this.read(item, [...path, i], depth + 1))
    if (isMap(node)) return this.#readMap(node.items, path, depth)
    if (!isScalar(node)) return null
    const value: unknown = node.value
    if (typeof value !== 'number') return value
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value
    return this.#refuse(node, path, 'is a number that cannot be held exactly; put it in quotes')
  }

  #readMap(pairs: readonly { key: unknown; value: unknown }[], path: Path, depth: number): unknown {
    const out: Record<string, unknown> = {}
    for (const { key, value } of pairs) {
      const name: unknown = isScalar(key) ? key.value : undefined
      if (typeof name !== 'string') this.#refuse(key, path, 'a key must be a string; put it in quotes')
      else if (name === '__proto__') this.#refuse(key, path, 'this key is not allowed')
      else {
        if (hasMark(key, 'anchor') || hasMark(key, 'tag'))
          this.#refuse(key, path, 'YAML anchors and tags are not allowed')
        out[name] = this.read(value, [...path, name], depth + 1)
      }
    }
    return out
  }

  #refuse(node: unknown, path: Path, message: string): undefined {
    this.complaints.push({ path, ...this.#position(startOf(node)), message })
  }
}

/** An explicit `&anchor` or `!!tag`; a value without one has neither property set. */
function hasMark(node: unknown, mark: 'anchor' | 'tag'): boolean {
  return typeof node === 'object' && node !== null && mark in node && Reflect.get(node, mark) !== undefined
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  return Array.isArray(node.range) ? Number(node.range[0]) : undefined
}

function offsetOf(root: Node | null, path: Path, part: 'key' | 'value'): number | undefined {
  let node: unknown = root
  let found = startOf(root)
  for (const [depth, step] of path.entries()) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined
    const next: unknown = pair?.value ?? (isSeq(node) && typeof step === 'number' ? node.items[step] : undefined)
    const wantsKey = pair !== undefined && part === 'key' && depth === path.length - 1
    const offset = startOf(wantsKey ? pair.key : next)
    if (offset === undefined) return pair === undefined ? found : (startOf(pair.key) ?? found)
    found = offset
    node = next
  }
  return found
}
