import { KeySpill } from './key-spill.ts'
import type { TreeNode } from './row-tree.ts'

/** Flags of a string: it holds escapes, it holds other than ASCII. */
export const escaped = 1
export const wide = 2

/**
 * Told about the places that the tree names, and no other. Positions count from the begin of the piece being scanned;
 * a value may have begun in an earlier piece.
 */
export interface ScanSink {
  /** The quote that opens a key. */
  keyStart(node: TreeNode, at: number): void
  comma(node: TreeNode, at: number): void
  /** `start` to `end` is the key without quotes in `bytes`; `after` is behind its closing quote in the piece. */
  keyEnd(node: TreeNode, bytes: Buffer, start: number, end: number, plain: boolean, after: number): TreeNode | undefined
  /** Returns whether the places inside this value matter. */
  valueStart(node: TreeNode, byte: number, at: number): boolean
  /** `inside` = a container whose places mattered; `after` is behind the value. */
  valueEnd(node: TreeNode, inside: boolean, flags: number, after: number): void
}

/** States. The number states from `numberZero` on may end a number. */
const value = 0
const firstElement = 1
const firstKey = 2
const key = 3
const colon = 4
const afterValue = 5
const string = 6
const escape = 7
const hex = 8
const continuation = 9
const literal = 10
const numberMinus = 11
const numberDot = 12
const numberE = 13
const numberSign = 14
const numberZero = 15
const numberInteger = 16
const numberFraction = 17
const numberExponent = 18

const plainByte = byteSet((byte) => byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c)
const space = byteSet((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
const digit = byteSet((byte) => byte >= 0x30 && byte <= 0x39)
const hexDigit = byteSet((byte) => /^[0-9a-fA-F]$/.test(String.fromCharCode(byte)))
const startsValue = byteSet((byte) => byte < 0x80 && '"{[-0123456789tfn'.includes(String.fromCharCode(byte)))
const simpleEscape = byteSet((byte) => byte < 0x80 && '"\\/bfnrt'.includes(String.fromCharCode(byte)))

const trueWord = Buffer.from('true')
const falseWord = Buffer.from('false')
const nullWord = Buffer.from('null')

/** Containers. */
const inArray = 0
const inObject = 1

/**
 * Reads JSON in pieces of any size and accepts what JSON.parse over fatally decoded UTF-8 accepts, up to a depth
 * (RFC 8259, RFC 3629). Table look-ups below are in bounds: a table has 256 entries, an index is below `to`.
 */
export class JsonScanner {
  readonly #sink: ScanSink
  readonly #top: TreeNode
  readonly #maxDepth: number
  readonly #spill: KeySpill
  readonly #containers: number[] = [inArray]
  readonly #nodes: (TreeNode | undefined)[]
  #state = value
  #depth = 0
  /** Names the places in the open container; undefined where nothing in it matters. */
  #container: TreeNode | undefined
  /** The value that comes next or is being read. */
  #node: TreeNode | undefined
  /** A value that matters while nothing inside it does, and the depth at which it stands. */
  #outer: TreeNode | undefined
  #outerDepth = -1
  #isKey = false
  #flags = 0
  /** Bytes owed by an escape or a character, or read of a literal; the bounds of the next UTF-8 byte; the literal. */
  #owed = 0
  #low = 0
  #high = 0
  #word: Uint8Array = nullWord

  constructor(top: TreeNode, maxDepth: number, sink: ScanSink) {
    this.#top = top
    this.#maxDepth = maxDepth
    this.#sink = sink
    this.#spill = new KeySpill()
    this.#nodes = [top]
    this.#container = top
    this.#node = top.star
  }

  /** Begins another document. */
  reset(): void {
    this.#state = value
    this.#depth = 0
    this.#container = this.#top
    this.#node = this.#top.star
    this.#outer = undefined
    this.#outerDepth = -1
    this.#isKey = false
    this.#spill.clear()
  }

  /**
   * False = not JSON, and nothing that follows can make it so. One long function, since a call per byte or per token
   * would cost more than all the rest: a state is a case, and the three loops that run over many bytes stand in theirs.
   */
  scan(bytes: Buffer, from: number, to: number): boolean {
    const sink = this.#sink
    const containers = this.#containers
    let state = this.#state
    let container = this.#container
    let node = this.#node
    let depth = this.#depth
    let isObject = containers[depth] === inObject
    let isKey = this.#isKey
    let flags = this.#flags
    let at = from
    let keyFrom = from

    while (at < to) {
      const byte = bytes[at] ?? 0
      switch (state) {
        case string: {
          let now = byte
          while (plainByte[now] === 1) {
            if (++at === to) break
            now = bytes[at] ?? 0
          }
          if (at === to) break
          if (now === 0x22) {
            at++
            if (!isKey) {
              if (node !== undefined) sink.valueEnd(node, false, flags, at)
              if (isObject && at + 1 < to && bytes[at] === 0x2c && bytes[at + 1] === 0x22) {
                if (container !== undefined && container.hearsKeys) {
                  sink.comma(container, at)
                  sink.keyStart(container, at + 1)
                }
                at += 2
                keyFrom = at
                isKey = true
                flags = 0
                break
              }
              state = afterValue
              break
            }
            if (container !== undefined) node = this.#endKey(container, bytes, keyFrom, at, flags)
            if (at < to && bytes[at] === 0x3a) {
              at++
              state = value
            } else state = colon
            break
          }
          if (now === 0x5c) {
            flags |= escaped
            const next = at + 1 < to ? (bytes[at + 1] ?? 0) : -1
            if (next >= 0 && simpleEscape[next] === 1) {
              at += 2
              break
            }
            if (
              next === 0x75 &&
              at + 5 < to &&
              (hexDigit[bytes[at + 2] ?? 0] ?? 0) +
                (hexDigit[bytes[at + 3] ?? 0] ?? 0) +
                (hexDigit[bytes[at + 4] ?? 0] ?? 0) +
                (hexDigit[bytes[at + 5] ?? 0] ?? 0) ===
                4
            ) {
              at += 6
              break
            }
            state = escape
            at++
            break
          }
          if (now < 0x80) return false
          flags |= wide
          if (!this.#lead(now)) return false
          at++
          state = continuation
          break
        }
        case continuation: {
          if (byte < this.#low || byte > this.#high) return false
          this.#low = 0x80
          this.#high = 0xbf
          at++
          if (--this.#owed === 0) state = string
          break
        }
        case escape: {
          at++
          if (byte === 0x75) {
            this.#owed = 4
            state = hex
            break
          }
          if (simpleEscape[byte] === 0) return false
          state = string
          break
        }
        case hex: {
          if (hexDigit[byte] === 0) return false
          at++
          if (--this.#owed === 0) state = string
          break
        }
        case firstElement:
        case value: {
          if (space[byte] === 1) {
            at++
            break
          }
          if (byte === 0x5d && state === firstElement) {
            at++
            container = this.#close(depth--, at)
            isObject = containers[depth] === inObject
            state = afterValue
            break
          }
          if (startsValue[byte] === 0) return false
          if (!isObject) node = container === undefined ? undefined : container.star
          const inside = node !== undefined && sink.valueStart(node, byte, at)
          if (byte === 0x22) {
            isKey = false
            flags = 0
            state = string
            at++
            break
          }
          if (byte === 0x7b || byte === 0x5b) {
            if (depth === this.#maxDepth) return false
            depth++
            isObject = byte === 0x7b
            containers[depth] = isObject ? inObject : inArray
            if (node !== undefined && !inside) {
              this.#outer = node
              this.#outerDepth = depth
            }
            container = inside ? node : undefined
            this.#nodes[depth] = container
            node = undefined
            state = isObject ? firstKey : firstElement
            at++
            break
          }
          if (digit[byte] === 1) state = byte === 0x30 ? numberZero : numberInteger
          else if (byte === 0x2d) state = numberMinus
          else {
            this.#word = byte === 0x74 ? trueWord : byte === 0x66 ? falseWord : nullWord
            this.#owed = 1
            state = literal
          }
          at++
          break
        }
        case firstKey:
        case key: {
          if (byte === 0x22) {
            if (container !== undefined && container.hearsKeys) sink.keyStart(container, at)
            at++
            keyFrom = at
            isKey = true
            flags = 0
            state = string
            break
          }
          if (byte === 0x7d && state === firstKey) {
            at++
            container = this.#close(depth--, at)
            isObject = containers[depth] === inObject
            state = afterValue
            break
          }
          if (space[byte] === 0) return false
          at++
          break
        }
        case colon: {
          at++
          if (byte === 0x3a) state = value
          else if (space[byte] === 0) return false
          break
        }
        case afterValue: {
          at++
          if (byte === 0x2c) {
            if (depth === 0) return false
            if (container !== undefined && container.hearsKeys) sink.comma(container, at - 1)
            if (isObject && at < to && bytes[at] === 0x22) {
              if (container !== undefined && container.hearsKeys) sink.keyStart(container, at)
              at++
              keyFrom = at
              isKey = true
              flags = 0
              state = string
              break
            }
            state = isObject ? key : value
            break
          }
          if (byte === 0x7d || byte === 0x5d) {
            if (depth === 0 || isObject !== (byte === 0x7d)) return false
            container = this.#close(depth--, at)
            isObject = containers[depth] === inObject
            break
          }
          if (space[byte] === 0) return false
          break
        }
        case literal: {
          const word = this.#word
          let owed = this.#owed
          while (owed < word.length && at < to) if (bytes[at++] !== word[owed++]) return false
          this.#owed = owed
          if (owed === word.length) {
            if (node !== undefined) sink.valueEnd(node, false, 0, at)
            state = afterValue
          }
          break
        }
        case numberInteger:
        case numberFraction:
        case numberExponent: {
          let now = byte
          while (digit[now] === 1) {
            if (++at === to) break
            now = bytes[at] ?? 0
          }
          if (at === to) break
          if (now === 0x2e && state === numberInteger) {
            state = numberDot
            at++
          } else if ((now | 0x20) === 0x65 && state !== numberExponent) {
            state = numberE
            at++
          } else {
            if (node !== undefined) sink.valueEnd(node, false, 0, at)
            state = afterValue
          }
          break
        }
        case numberZero: {
          if (byte === 0x2e) {
            state = numberDot
            at++
          } else if ((byte | 0x20) === 0x65) {
            state = numberE
            at++
          } else {
            if (node !== undefined) sink.valueEnd(node, false, 0, at)
            state = afterValue
          }
          break
        }
        case numberMinus: {
          if (digit[byte] === 0) return false
          state = byte === 0x30 ? numberZero : numberInteger
          at++
          break
        }
        case numberDot: {
          if (digit[byte] === 0) return false
          state = numberFraction
          at++
          break
        }
        case numberE: {
          at++
          if (byte === 0x2b || byte === 0x2d) state = numberSign
          else if (digit[byte] === 1) state = numberExponent
          else return false
          break
        }
        case numberSign: {
          if (digit[byte] === 0) return false
          state = numberExponent
          at++
          break
        }
        default:
          throw new TypeError(`scanner state ${state}`)
      }
    }
    if (isKey && container !== undefined && state >= string && state <= continuation)
      this.#spill.keep(container, bytes, keyFrom, to)
    this.#state = state
    this.#container = container
    this.#node = node
    this.#depth = depth
    this.#isKey = isKey
    this.#flags = flags
    return true
  }

  /** False = the document is not complete. `after` is where the last piece ended. */
  end(after: number): boolean {
    if (this.#depth !== 0) return false
    if (this.#state >= numberZero) {
      if (this.#node !== undefined) this.#sink.valueEnd(this.#node, false, 0, after)
      this.#state = afterValue
    }
    return this.#state === afterValue
  }

  /** Returns what names the places of the container around the one that ends. */
  #close(depth: number, after: number): TreeNode | undefined {
    const closed = this.#nodes[depth]
    if (closed !== undefined) this.#sink.valueEnd(closed, true, 0, after)
    else if (depth === this.#outerDepth && this.#outer !== undefined) {
      this.#outerDepth = -1
      this.#sink.valueEnd(this.#outer, false, 0, after)
    }
    return this.#nodes[depth - 1]
  }

  #endKey(container: TreeNode, bytes: Buffer, from: number, after: number, flags: number): TreeNode | undefined {
    const plain = flags === 0
    if (this.#spill.length === 0) {
      if (plain && container.passesOver(bytes, from, after - 1)) return undefined
      return this.#sink.keyEnd(container, bytes, from, after - 1, plain, after)
    }
    this.#spill.keep(container, bytes, from, after - 1)
    const { bytes: held, length } = this.#spill
    this.#spill.clear()
    return this.#sink.keyEnd(container, held, 0, length, plain, after)
  }

  /** RFC 3629 section 4: which bytes may follow `byte`. */
  #lead(byte: number): boolean {
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    this.#owed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    return byte >= 0xc2 && byte <= 0xf4
  }
}

function byteSet(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}
