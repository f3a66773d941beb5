/**
 * Stage 2: walks from one structural position to the next, holds the document to the grammar (RFC 8259), and tells the
 * gate of the places that the plan names and of no other. A piece may end anywhere.
 */
import {
  closeWindow,
  comma,
  fault,
  keyEnd,
  keyStart,
  openWindow,
  resetGate,
  setFault,
  simpleValue,
  skimmedKey,
  unreadable,
  valueEnd,
  valueStart,
} from './gate'
import { indexAt, planMaxDepth, stateDepth, stateSpill, windowAt } from './layout'
import { openOutput } from './output'
import { flagsOf, isPlain, longestKey, mayMatch, nodeHearsKeys, nodeLosesKeys, nodeSimple, nodeSkims, none, plan, sieveOf, starOf } from './plan'
import { findStructure, found, inString, isSettled, resetScan, special } from './scan'

/** What comes next. */
const value: i32 = 0
const firstElement: i32 = 1
const key: i32 = 2
const firstKey: i32 = 3
const colon: i32 = 4
const afterValue: i32 = 5
/** Open at the end of the last piece: a ruled key, a ruled string, a number or word. */
const openKey: i32 = 6
const openString: i32 = 7
const openScalar: i32 = 8
/** The open container ends here. */
const closes: i32 = 9

let state: i32 = value
let depth: i32 = 0
let isObject: i32 = 0
/** Names the places in the open container. */
let box: i32 = 0
/** The value that comes next or is being read. */
let node: i32 = none
/** A value that matters while nothing inside it does, and the depth at which it stands. */
let outer: i32 = none
let outerDepth: i32 = -1

/** By depth: is an object; names its places. */
const kinds: usize = stateDepth
const boxes: usize = stateDepth + 0x200
/** The begin of a ruled key that stands across pieces. */
const spillAt: usize = stateSpill
const spillBytes: i32 = 0x1000
export let spillLength: i32 = 0
let spillOver: i32 = 0
/** Where the open ruled key goes on in this window. */
let keyFrom: i32 = 0

/** Of a number or word: what was read of it. */
let part: i32 = 0
const minus: i32 = 1
const dot: i32 = 2
const exponent: i32 = 3
const exponentSign: i32 = 4
/** From here on it may end. */
const zero: i32 = 5
const integer: i32 = 6
const fraction: i32 = 7
const exponentDigits: i32 = 8
const wordDone: i32 = 9
/** Words: the bytes to come, lowest first, above this bit. */
const inWord: i32 = 16
let wordLeft: i32 = 0

export function resetWalk(): void {
  resetScan()
  resetGate()
  state = value
  depth = 0
  isObject = 0
  box = 0
  node = none
  outer = none
  outerDepth = -1
  spillLength = 0
  spillOver = 0
  store<u8>(kinds, 0)
  store<i16>(boxes, 0)
}

export function saveWalk(at: usize): usize {
  store<i32>(at, state)
  store<i32>(at, depth, 4)
  store<i32>(at, isObject, 8)
  store<i32>(at, box, 12)
  store<i32>(at, node, 16)
  store<i32>(at, outer, 20)
  store<i32>(at, outerDepth, 24)
  store<i32>(at, spillLength, 28)
  store<i32>(at, spillOver, 32)
  store<i32>(at, part, 36)
  store<i32>(at, wordLeft, 40)
  return at + 48
}

export function loadWalk(at: usize): usize {
  state = load<i32>(at)
  depth = load<i32>(at, 4)
  isObject = load<i32>(at, 8)
  box = load<i32>(at, 12)
  node = load<i32>(at, 16)
  outer = load<i32>(at, 20)
  outerDepth = load<i32>(at, 24)
  spillLength = load<i32>(at, 28)
  spillOver = load<i32>(at, 32)
  part = load<i32>(at, 36)
  wordLeft = load<i32>(at, 40)
  return at + 48
}

/** Reads the first `length` bytes of the window; 0, or why the answer is refused. */
export function read(length: i32): i32 {
  setFault(0)
  openOutput()
  openWindow()
  keyFrom = 0
  const bad = findStructure(length)
  // What stands before a fault is read, so that the first fault decides.
  walk(length)
  if (fault) return fault
  if (bad >= 0) return unreadable
  rest(length)
  if (!fault) closeWindow(length)
  return fault
}

/** After the last piece; 0, or why the answer is refused. */
export function end(): i32 {
  setFault(0)
  openOutput()
  openWindow()
  if (depth != 0 || !isSettled()) return unreadable
  if (state == openScalar && part >= zero && part <= wordDone) {
    if (node != none) valueEnd(node, false, 0)
    state = afterValue
  }
  if (state != afterValue) return unreadable
  return fault
}

@inline
function byteAt(at: i32): i32 {
  return load<u8>(windowAt + at)
}

@inline
function positionOf(entry: i32): i32 {
  return load<i32>(indexAt + (<usize>entry << 2))
}

/** Behind the closing quote of the string that ends before `at`: only white space stands between. */
@inline
function behindQuote(at: i32): i32 {
  let end = at
  while (byteAt(end - 1) != 0x22) end--
  return end
}

function refuse(): void {
  setFault(unreadable)
}

/** One long function: what is asked for every position stands in its variables. */
function walk(length: i32): void {
  if (!goOn(length)) return
  const count = found
  let at = 0
  let step = state
  let level = depth
  let object = isObject != 0
  let place = box
  let next = node
  let flags = place == none ? 0 : flagsOf(place)
  let sieve: usize = place == none ? 0 : sieveOf(place)
  while (at < count) {
    let position = positionOf(at++)
    let byte = byteAt(position)
    if (step == key || step == firstKey) {
      if (byte == 0x22) {
        if (at == count) {
          if (flags & nodeHearsKeys) keyStart(place, position)
          keyFrom = position + 1
          step = place == none ? colon : openKey
          break
        }
        const end = positionOf(at++)
        if (byteAt(end) != 0x3a) return refuse()
        next = none
        if (place != none) {
          if (flags & nodeHearsKeys) keyStart(place, position)
          const after = behindQuote(end)
          const from = windowAt + position + 1
          const length = after - position - 2
          if (!(flags & nodeSkims) || (special && !isPlain(from, from + length)))
            next = keyEnd(place, from, from + length, after, false)
          else if (mayMatch(sieve, from, length)) next = skimmedKey(place, from, length)
          if (fault) return
        }
        step = value
        if (at == count) break
        position = positionOf(at++)
        byte = byteAt(position)
      } else {
        if (byte != 0x7d || step != firstKey) return refuse()
        step = closes
      }
    } else if (step == afterValue) {
      if (byte == 0x2c) {
        if (level == 0) return refuse()
        if (flags & nodeLosesKeys) comma(place, position)
        step = object ? key : value
        continue
      }
      if (level == 0 || byte != (object ? 0x7d : 0x5d)) return refuse()
      step = closes
    } else if (step == colon) {
      if (byte != 0x3a) return refuse()
      step = value
      continue
    } else if (step == firstElement && byte == 0x5d) step = closes

    if (step == closes) {
      const closed = <i32>load<i16>(boxes + (<usize>level << 1))
      if (closed != none) valueEnd(closed, true, position + 1)
      else if (level == outerDepth) {
        outerDepth = -1
        valueEnd(outer, false, position + 1)
      }
      if (fault) return
      level--
      object = load<u8>(kinds + level) != 0
      place = load<i16>(boxes + (<usize>level << 1))
      flags = place == none ? 0 : flagsOf(place)
      sieve = place == none ? 0 : sieveOf(place)
      step = afterValue
      continue
    }

    // A value.
    if (!object) next = place == none ? none : starOf(place)
    step = afterValue
    if (byte == 0x22) {
      if (next != none) {
        if (at < count && (flagsOf(next) & nodeSimple)) simpleValue(next, position, behindQuote(positionOf(at)))
        else {
          valueStart(next, byte, position)
          if (fault) return
          if (at < count) valueEnd(next, false, behindQuote(positionOf(at)))
          else step = openString
          if (fault) return
        }
      }
    } else if (byte == 0x7b || byte == 0x5b) {
      const inside = next != none && valueStart(next, byte, position)
      if (fault) return
      if (level == load<i32>(plan + planMaxDepth)) return refuse()
      level++
      object = byte == 0x7b
      store<u8>(kinds + level, object ? 1 : 0)
      if (next != none && !inside) {
        outer = next
        outerDepth = level
      }
      place = inside ? next : none
      flags = inside ? flagsOf(place) : 0
      sieve = inside ? sieveOf(place) : 0
      store<i16>(boxes + (<usize>level << 1), place)
      next = none
      step = object ? firstKey : firstElement
      continue
    } else {
      if (!startsScalar(byte)) return refuse()
      let end = at < count ? positionOf(at) : length
      const whole = at < count && isShortScalar(byte, position, end - position)
      if (whole && next != none && (flagsOf(next) & nodeSimple)) {
        simpleValue(next, position, end)
        next = none
      }
      if (next != none) {
        valueStart(next, byte, position)
        if (fault) return
      }
      if (!whole) {
        startScalar(byte)
        end = runScalar(position + 1, length)
        if (end < 0) return refuse()
      }
      if (end == length) step = openScalar
      else if (next != none) {
        valueEnd(next, false, end)
        if (fault) return
      }
    }
    // Most values have another behind them.
    if (at == count || level == 0) continue
    position = positionOf(at)
    if (byteAt(position) != 0x2c) continue
    at++
    if (flags & nodeLosesKeys) comma(place, position)
    step = object ? key : value
  }
  state = step
  depth = level
  isObject = object ? 1 : 0
  box = place
  node = next
}

/** Ends what was open at the begin of the window, if it ends; false = the window holds no more than that, or a fault. */
function goOn(length: i32): bool {
  if (state == openScalar) {
    const end = runScalar(0, length)
    if (end < 0) refuse()
    if (end < 0 || end == length) return false
    if (node != none) valueEnd(node, false, end)
    state = afterValue
  } else if (found > 0 && state == openString) {
    valueEnd(node, false, behindQuote(positionOf(0)))
    state = afterValue
  } else if (found > 0 && state == openKey) {
    endSpilled(behindQuote(positionOf(0)))
    state = colon
  }
  return fault == 0
}

/** What ended or is open behind the last position of the window. */
function rest(length: i32): void {
  if (state == openString && !inString) {
    valueEnd(node, false, behindQuote(length))
    state = afterValue
  } else if (state == openKey) {
    if (!inString) {
      endSpilled(behindQuote(length))
      state = colon
    } else spill(keyFrom, length)
  }
  keyFrom = 0
}

function endSpilled(after: i32): void {
  if (spillLength == 0 && !spillOver) {
    node = keyEnd(box, windowAt + keyFrom, windowAt + after - 1, after, false)
    return
  }
  spill(keyFrom, after - 1)
  node = keyEnd(box, spillAt, spillAt + spillLength, after, spillOver != 0)
  spillLength = 0
  spillOver = 0
}

function spill(from: i32, to: i32): void {
  const length = to - from
  const most = longestKey(box)
  if (spillOver || spillLength + length > (most < spillBytes ? most : spillBytes)) {
    spillOver = 1
    return
  }
  memory.copy(spillAt + spillLength, windowAt + from, length)
  spillLength += length
}

/** The highest bit of each byte that `left` and `right` have in common. */
@inline
function bytesEqual(left: u64, right: u64): u64 {
  const seven: u64 = 0x7f7f7f7f7f7f7f7f
  const unlike = left ^ right
  return ~(((unlike & seven) + seven) | unlike | seven)
}

@inline
function startsScalar(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || byte == 0x2d || byte == 0x74 || byte == 0x66 || byte == 0x6e
}

/** Surely a word, or a number of up to eight characters without sign or exponent; any other is read byte by byte. */
@inline
function isShortScalar(byte: i32, at: i32, length: i32): bool {
  const bytes = load<u64>(windowAt + at)
  if (<u32>(byte - 0x30) < 10) {
    if (length > 8) return false
    const mask: u64 = length == 8 ? ~(<u64>0) : ((<u64>1) << (length << 3)) - 1
    let digits = (bytes & mask) | (0x3030303030303030 & ~mask)
    const points = bytesEqual(digits, 0x2e2e2e2e2e2e2e2e)
    const point = points == 0 ? length : <i32>ctz(points) >> 3
    if ((points & (points - 1)) != 0 || point == length - 1) return false
    if (byte == 0x30 && point != 1) return false
    // The point has become a digit.
    digits ^= (points >> 7) * (0x2e ^ 0x30)
    const high: u64 = 0xf0f0f0f0f0f0f0f0
    return ((digits & high) | (((digits + 0x0606060606060606) & high) >> 4)) == 0x3333333333333333
  }
  if (byte == 0x74) return length == 4 && <u32>bytes == 0x65757274
  if (byte == 0x6e) return length == 4 && <u32>bytes == 0x6c6c756e
  return byte == 0x66 && length == 5 && <u32>(bytes >> 8) == 0x65736c61
}

function startScalar(byte: i32): void {
  if (byte == 0x30) part = zero
  else if (byte == 0x2d) part = minus
  else if (<u32>(byte - 0x30) < 10) part = integer
  else {
    part = inWord
    // rue, alse, ull
    wordLeft = byte == 0x74 ? 0x657572 : byte == 0x66 ? 0x65736c61 : 0x6c6c75
  }
}

/** Where the number or word ends that goes on at `from`; `length` = not yet; -1 = it is none. */
function runScalar(from: i32, length: i32): i32 {
  let at = from
  for (; at < length; at++) {
    const byte = byteAt(at)
    const digit = <u32>(byte - 0x30) < 10
    if (part == integer || part == fraction || part == exponentDigits) {
      if (digit) continue
      if (part == integer && byte == 0x2e) part = dot
      else if (part != exponentDigits && (byte | 0x20) == 0x65) part = exponent
      else break
    } else if (part == zero) {
      if (byte == 0x2e) part = dot
      else if ((byte | 0x20) == 0x65) part = exponent
      else break
    } else if (part == minus) {
      if (!digit) return -1
      part = byte == 0x30 ? zero : integer
    } else if (part == dot) {
      if (!digit) return -1
      part = fraction
    } else if (part == exponent) {
      if (digit) part = exponentDigits
      else if (byte == 0x2b || byte == 0x2d) part = exponentSign
      else return -1
    } else if (part == exponentSign) {
      if (!digit) return -1
      part = exponentDigits
    } else if (part == wordDone) break
    else {
      if (byte != (wordLeft & 0xff)) return -1
      wordLeft >>>= 8
      if (wordLeft == 0) part = wordDone
    }
  }
  if (at == length) return length
  const byte = byteAt(at)
  const ends = byte == 0x2c || byte == 0x7d || byte == 0x5d || byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
  return ends ? at : -1
}
