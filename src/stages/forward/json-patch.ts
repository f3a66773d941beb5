import { ProxyError } from '../../errors.ts'
import { withMember, withoutMember } from '../../lib/members.ts'
import { isPlainObject } from '../../mask/describe.ts'

const maxOperations = 256
const maxTokens = 32
/** Members and items of lists that one patch may have copied. */
const maxCopied = 1_000_000

/** One change of RFC 6902 section 4, its pointers taken apart (RFC 6901). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: readonly string[]
  /** Of `move` and `copy`. */
  readonly from: readonly string[] | undefined
  readonly value: unknown
}

/** Reads a JSON Patch; what some reader could take for another change is refused (ERR_BODY_UNREADABLE). */
export function parseJsonPatch(document: unknown): readonly PatchOperation[] {
  if (!Array.isArray(document) || document.length === 0) throw unreadable('a JSON Patch that is no list of changes')
  if (document.length > maxOperations) throw unreadable(`a JSON Patch of more than ${maxOperations} changes`)
  return document.map(parseOperation)
}

const members = {
  add: ['op', 'path', 'value'],
  remove: ['op', 'path'],
  replace: ['op', 'path', 'value'],
  move: ['op', 'path', 'from'],
  copy: ['op', 'path', 'from'],
  test: ['op', 'path', 'value'],
} as const

function parseOperation(written: unknown): PatchOperation {
  if (!isPlainObject(written)) throw unreadable('a change that is no object')
  const op = operationFrom(written['op'])
  // Others are ignored by the standard and read by somebody: no change needs them.
  const isExact = Object.keys(written).length === members[op].length
  if (!isExact || !members[op].every((name) => Object.hasOwn(written, name)))
    throw unreadable(`${op} with other members than it has`)
  const path = parsePath(written['path'])
  const from = op === 'move' || op === 'copy' ? parsePath(written['from']) : undefined
  return { op, path, from, value: written['value'] }
}

function operationFrom(word: unknown): PatchOperation['op'] {
  switch (word) {
    case 'add':
    case 'remove':
    case 'replace':
    case 'move':
    case 'copy':
    case 'test':
      return word
    default:
      throw unreadable('a change of no known kind')
  }
}

function parsePath(written: unknown): readonly string[] {
  if (typeof written !== 'string' || !/^(?:\/(?:[^~/]|~[01])*)*$/.test(written)) throw unreadable('no JSON pointer')
  const tokens = written.split('/').slice(1)
  if (tokens.length > maxTokens) throw unreadable('a pointer of too many tokens')
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * What `document` becomes (RFC 6902 section 4). Nothing is changed in place, and what is copied is shared, so that no
 * patch makes a document grow in memory. A change that cannot be made refuses (ERR_BODY_UNREADABLE), and so does one
 * that is too much work: a large object that was copied into itself stands on every step of a pointer.
 */
export function applyJsonPatch(document: unknown, operations: readonly PatchOperation[]): unknown {
  return new Patcher().apply(document, operations)
}

class Patcher {
  #left = maxCopied

  apply(document: unknown, operations: readonly PatchOperation[]): unknown {
    return operations.reduce<unknown>((target, operation) => this.#change(target, operation), document)
  }

  #change(document: unknown, { op, path, from = [], value }: PatchOperation): unknown {
    switch (op) {
      case 'add':
        return this.#put(document, path, value, 'add')
      case 'replace':
        return this.#put(document, path, value, 'replace')
      case 'remove':
        return this.#without(document, path)
      case 'copy':
        return this.#put(document, path, valueAt(document, from), 'add')
      case 'move':
        if (isUnder(path, from)) throw unreadable('a move into itself')
        return this.#put(this.#without(document, from), path, valueAt(document, from), 'add')
      case 'test':
        // Whether it holds is for the app to say: where it does not, nothing is changed at all.
        return document
    }
  }

  #put(target: unknown, path: readonly string[], value: unknown, how: 'add' | 'replace'): unknown {
    const [token, ...rest] = path
    if (token === undefined) return value
    if (Array.isArray(target)) {
      const at = indexIn(target, token, how === 'add' && rest.length === 0)
      this.#spend(target.length)
      if (rest.length > 0) return target.with(at, this.#put(target[at], rest, value, how))
      return how === 'add' ? target.toSpliced(at, 0, value) : target.with(at, value)
    }
    if (!isPlainObject(target)) throw unreadable('a change inside what is no object')
    const known = Object.hasOwn(target, token)
    if (!known && (how === 'replace' || rest.length > 0)) throw unreadable('a change of what is not there')
    this.#spend(Object.keys(target).length)
    return withMember(target, token, this.#put(target[token], rest, value, how))
  }

  #without(target: unknown, path: readonly string[]): unknown {
    const [token, ...rest] = path
    // Nothing is left: no row has this form.
    if (token === undefined) return undefined
    if (Array.isArray(target)) {
      const at = indexIn(target, token, false)
      this.#spend(target.length)
      return rest.length === 0 ? target.toSpliced(at, 1) : target.with(at, this.#without(target[at], rest))
    }
    if (!isPlainObject(target) || !Object.hasOwn(target, token)) throw unreadable('a change of what is not there')
    this.#spend(Object.keys(target).length)
    if (rest.length > 0) return withMember(target, token, this.#without(target[token], rest))
    return withoutMember(target, token)
  }

  #spend(copied: number): void {
    this.#left -= copied
    if (this.#left < 0) throw unreadable('a JSON Patch that is too much work')
  }
}

function isUnder(path: readonly string[], parent: readonly string[]): boolean {
  return path.length > parent.length && parent.every((token, at) => token === path[at])
}

function valueAt(target: unknown, path: readonly string[]): unknown {
  let value = target
  for (const token of path) {
    if (Array.isArray(value)) value = value[indexIn(value, token, false)]
    else if (isPlainObject(value) && Object.hasOwn(value, token)) value = value[token]
    else throw unreadable('a change from what is not there')
  }
  return value
}

function indexIn(list: readonly unknown[], token: string, mayAppend: boolean): number {
  if (token === '-' && mayAppend) return list.length
  const at = /^(?:0|[1-9][0-9]{0,8})$/.test(token) ? Number(token) : -1
  if (at < 0 || at > list.length || (at === list.length && !mayAppend)) throw unreadable('a place that no list has')
  return at
}

function unreadable(detail: string): ProxyError {
  return new ProxyError('ERR_BODY_UNREADABLE', detail)
}
