/**
 * Stage 1: finds the structural characters of a piece, 64 bytes at a time, and refuses what no JSON text may hold
 * (RFC 8259, RFC 3629): bad UTF-8, bad escapes, control characters in strings. Whatever is open at the end of a piece
 * (a string, an escape, a character) is carried into the next. The pieces before a whole block and behind the last are
 * read byte by byte by the same rules.
 * The method: G. Langdale, D. Lemire, "Parsing Gigabytes of JSON per Second", VLDB Journal 28 (2019); UTF-8: J. Keiser,
 * D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", Software: Practice and Experience 51 (2021).
 */
import { indexAt, windowAt } from './layout'

/** Carried over: inside a string; the next byte is escaped; hexadecimal digits owed; bytes of a character owed. */
export let inString: i32 = 0
let escapeNext: i32 = 0
let hexOwed: i32 = 0
let utf8Owed: i32 = 0
let utf8Low: i32 = 0
let utf8High: i32 = 0
/** The byte before belongs to a number or a word. */
let afterScalar: i32 = 0
/** Some string of this piece may hold an escape or more than ASCII. */
export let special: i32 = 0

/** How many positions stand in the index. */
export let found: i32 = 0

export function resetScan(): void {
  inString = 0
  escapeNext = 0
  hexOwed = 0
  utf8Owed = 0
  utf8Low = 0
  utf8High = 0
  afterScalar = 0
  special = 0
}

export function saveScan(at: usize): usize {
  store<u8>(at, inString)
  store<u8>(at, escapeNext, 1)
  store<u8>(at, hexOwed, 2)
  store<u8>(at, utf8Owed, 3)
  store<u8>(at, utf8Low, 4)
  store<u8>(at, utf8High, 5)
  store<u8>(at, afterScalar, 6)
  return at + 8
}

export function loadScan(at: usize): usize {
  inString = load<u8>(at)
  escapeNext = load<u8>(at, 1)
  hexOwed = load<u8>(at, 2)
  utf8Owed = load<u8>(at, 3)
  utf8Low = load<u8>(at, 4)
  utf8High = load<u8>(at, 5)
  afterScalar = load<u8>(at, 6)
  return at + 8
}

/** Nothing is owed: a new document may end here. */
export function isSettled(): bool {
  return inString == 0
}

@inline
function put(at: i32): void {
  store<u32>(indexAt + ((<usize>found) << 2), at)
  found++
}

@inline
function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
}

@inline
function isOperator(byte: i32): bool {
  return byte == 0x2c || byte == 0x3a || (byte | 0x20) == 0x7b || (byte | 0x20) == 0x7d
}

@inline
function isHex(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>((byte | 0x20) - 0x61) < 6
}

@inline
function isEscapable(byte: i32): bool {
  return (
    byte == 0x22 || byte == 0x5c || byte == 0x2f || byte == 0x62 || byte == 0x66 || byte == 0x6e || byte == 0x72 ||
    byte == 0x74 || byte == 0x75
  )
}

/** Fills the index for the first `length` bytes of the window; the position before which all is well, or -1 = all is. */
export function findStructure(length: i32): i32 {
  found = 0
  special = 0
  let at = 0
  if (hexOwed != 0 || utf8Owed != 0) {
    const owed = hexOwed + utf8Owed
    const head = owed < length ? owed : length
    const bad = scanBytes(0, head)
    if (bad >= 0) return bad
    at = head
  }
  const blocks = (length - at) >> 6
  let hexBehind = 0
  if (blocks > 0) {
    const end = at + (blocks << 6)
    hexBehind = scanBlocks(at, end, length)
    if (hexBehind < 0) return ~hexBehind
    at = end
  }
  const bad = scanBytes(at, length)
  if (bad >= 0) return bad
  if (hexBehind > 0) hexOwed = hexBehind
  return -1
}

/** The same by bytes; -1 = all is well. */
function scanBytes(from: i32, to: i32): i32 {
  for (let at = from; at < to; at++) {
    const byte = <i32>load<u8>(windowAt + at)
    if (inString) {
      if (utf8Owed) {
        if (byte < utf8Low || byte > utf8High) return at
        utf8Owed--
        utf8Low = 0x80
        utf8High = 0xbf
      } else if (hexOwed) {
        if (!isHex(byte)) return at
        hexOwed--
      } else if (escapeNext) {
        if (!isEscapable(byte)) return at
        escapeNext = 0
        if (byte == 0x75) hexOwed = 4
      } else if (byte == 0x22) {
        inString = 0
        afterScalar = 0
      } else if (byte == 0x5c) {
        escapeNext = 1
        special = 1
      } else if (byte >= 0x80) {
        if (!lead(byte)) return at
        special = 1
      } else if (byte < 0x20) return at
    } else if (byte == 0x22) {
      if (afterScalar) return at
      put(at)
      inString = 1
    } else if (isOperator(byte)) {
      put(at)
      afterScalar = 0
    } else if (isSpace(byte)) {
      afterScalar = 0
    } else {
      if (byte >= 0x80) return at
      if (!afterScalar) put(at)
      afterScalar = 1
    }
  }
  return -1
}

/** RFC 3629 section 4: which bytes may follow. */
function lead(byte: i32): bool {
  if (byte < 0xc2 || byte > 0xf4) return false
  utf8Low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80
  utf8High = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf
  utf8Owed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
  return true
}

/**
 * By its lower half, the only structural character that a byte may be once 0x20 is set in it, and the only white space.
 * 0x0c and 0x1a pass for a comma and a colon: stage 2 looks at the byte itself.
 */
const structural = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x7b, 0x2c, 0x7d, 0, 0)
const blank = i8x16(0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0, 0x0d, 0, 0)

const tooShort: i8 = 1
const tooLong: i8 = 2
const overlong3: i8 = 4
const tooLarge: i8 = 8
const surrogate: i8 = 16
const overlong2: i8 = 32
/** Also: overlong in four bytes. */
const tooLarge1000: i8 = 64
const twoContinuations: i8 = -128
const carry: i8 = tooShort | tooLong | twoContinuations

const firstHigh = i8x16(
  tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong,
  twoContinuations, twoContinuations, twoContinuations, twoContinuations,
  tooShort | overlong2, tooShort, tooShort | overlong3 | surrogate, tooShort | tooLarge | tooLarge1000,
)
const firstLow = i8x16(
  carry | overlong3 | overlong2 | tooLarge1000, carry | overlong2, carry, carry,
  carry | tooLarge, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000 | surrogate, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
)
const secondHigh = i8x16(
  tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort,
  tooLong | overlong2 | twoContinuations | overlong3 | tooLarge1000,
  tooLong | overlong2 | twoContinuations | overlong3 | tooLarge,
  tooLong | overlong2 | twoContinuations | surrogate | tooLarge,
  tooLong | overlong2 | twoContinuations | surrogate | tooLarge,
  tooShort, tooShort, tooShort, tooShort,
)

/** What is wrong between `before` and `now`; all zero = nothing. */
@inline
function utf8Faults(before: v128, now: v128): v128 {
  const one = i8x16.shuffle(before, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
  const two = i8x16.shuffle(before, now, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
  const three = i8x16.shuffle(before, now, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28)
  const nibble = i8x16.splat(0x0f)
  const special = v128.and(
    v128.and(
      i8x16.swizzle(firstHigh, i8x16.shr_u(one, 4)),
      i8x16.swizzle(firstLow, v128.and(one, nibble)),
    ),
    i8x16.swizzle(secondHigh, i8x16.shr_u(now, 4)),
  )
  const third = i8x16.sub_sat_u(two, i8x16.splat(<i8>(0xe0 - 0x80)))
  const fourth = i8x16.sub_sat_u(three, i8x16.splat(<i8>(0xf0 - 0x80)))
  const owed = v128.and(v128.or(third, fourth), i8x16.splat(<i8>0x80))
  return v128.xor(owed, special)
}

@inline
function bits(first: v128, second: v128, third: v128, fourth: v128): u64 {
  return (
    <u64>i8x16.bitmask(first) |
    ((<u64>i8x16.bitmask(second)) << 16) |
    ((<u64>i8x16.bitmask(third)) << 32) |
    ((<u64>i8x16.bitmask(fourth)) << 48)
  )
}

@inline
function equals(first: v128, second: v128, third: v128, fourth: v128, byte: i8): u64 {
  const wanted = i8x16.splat(byte)
  return bits(
    i8x16.eq(first, wanted), i8x16.eq(second, wanted), i8x16.eq(third, wanted), i8x16.eq(fourth, wanted),
  )
}

/** Where a control character stands (RFC 8259 section 7). */
@inline
function controls(first: v128, second: v128, third: v128, fourth: v128): u64 {
  const last = i8x16.splat(0x1f)
  const least = i8x16.min_u(i8x16.min_u(first, second), i8x16.min_u(third, fourth))
  if (!v128.any_true(i8x16.le_u(least, last))) return 0
  return bits(i8x16.le_u(first, last), i8x16.le_u(second, last), i8x16.le_u(third, last), i8x16.le_u(fourth, last))
}

/** `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`, `u`. */
const escapableLow = i8x16(0, 0, 13, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1)
const escapableHigh = i8x16(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0)

@inline
function escapable(bytes: v128): v128 {
  const known = v128.and(
    i8x16.swizzle(escapableLow, v128.and(bytes, i8x16.splat(0x0f))),
    i8x16.swizzle(escapableHigh, i8x16.shr_u(bytes, 4)),
  )
  return i8x16.ne(known, i8x16.splat(0))
}

@inline
function lowerHalf(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(0x0f))
}

@inline
function operatorsIn(bytes: v128): v128 {
  return i8x16.eq(i8x16.swizzle(structural, lowerHalf(bytes)), v128.or(bytes, i8x16.splat(0x20)))
}

@inline
function spacesIn(bytes: v128): v128 {
  return i8x16.eq(i8x16.swizzle(blank, lowerHalf(bytes)), bytes)
}

/** Its highest bit is set where an escape or more than ASCII stands. */
@inline
function unusual(bytes: v128): v128 {
  return v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c)))
}

/** A bit for every odd number of ones up to it. */
@inline
function parity(ones: u64): u64 {
  let sum = ones
  sum ^= sum << 1
  sum ^= sum << 2
  sum ^= sum << 4
  sum ^= sum << 8
  sum ^= sum << 16
  sum ^= sum << 32
  return sum
}

const evenBits: u64 = 0x5555555555555555

/** The hexadecimal digits that the last escape still owes behind the window; or, as its complement, where a fault is. */
function scanBlocks(from: i32, to: i32, length: i32): i32 {
  let before = i8x16.splat(0)
  let open: u64 = inString ? ~(<u64>0) : 0
  let escaping: u64 = escapeNext
  let scalar: u64 = afterScalar
  let hexBehind = 0
  let wide = false
  let at = from
  let write = indexAt + ((<usize>found) << 2)
  for (; at < to; at += 64) {
    const source = windowAt + at
    const a = v128.load(source)
    const b = v128.load(source, 16)
    const c = v128.load(source, 32)
    const d = v128.load(source, 48)

    let slashes: u64 = 0
    let escaped: u64 = 0
    const odd = i8x16.bitmask(v128.or(v128.or(unusual(a), unusual(b)), v128.or(unusual(c), unusual(d)))) != 0
    if (odd) slashes = equals(a, b, c, d, 0x5c)
    if (odd && v128.any_true(v128.and(v128.or(v128.or(a, b), v128.or(c, d)), i8x16.splat(<i8>0x80)))) {
      const faults = v128.or(
        v128.or(utf8Faults(before, a), utf8Faults(a, b)),
        v128.or(utf8Faults(b, c), utf8Faults(c, d)),
      )
      if (v128.any_true(faults)) return stop(write, at)
      special = 1
      wide = true
      before = d
    } else if (wide) {
      // What the block before still owed cannot come now.
      if (v128.any_true(utf8Faults(before, a))) return stop(write, at)
      wide = false
      before = d
    }

    if (slashes | escaping) {
      special = 1
      slashes &= ~escaping
      const follows = (slashes << 1) | escaping
      const oddStarts = slashes & ~evenBits & ~follows
      const even = oddStarts + slashes
      escaping = even < slashes ? 1 : 0
      escaped = (evenBits ^ (even << 1)) & follows
    }
    const quotes = equals(a, b, c, d, 0x22) & ~escaped
    const inside = parity(quotes) ^ open
    open = <u64>((<i64>inside) >> 63)

    if (escaped | slashes) {
      if (slashes & ~inside) return stop(write, at)
      let marks = escaped & equals(a, b, c, d, 0x75)
      if (escaped & ~bits(escapable(a), escapable(b), escapable(c), escapable(d))) return stop(write, at)
      while (marks) {
        const mark = at + <i32>ctz(marks)
        marks &= marks - 1
        for (let digit = mark + 1; digit <= mark + 4; digit++) {
          if (digit >= length) hexBehind = mark + 5 - length > 4 ? 4 : mark + 5 - length
          else if (!isHex(load<u8>(windowAt + digit))) return stop(write, at)
        }
      }
    }
    if (controls(a, b, c, d) & inside) return stop(write, at)
    if (quotes == 0 && inside != 0) {
      // All of it is inside one string.
      scalar = 0
      continue
    }

    const operators = bits(operatorsIn(a), operatorsIn(b), operatorsIn(c), operatorsIn(d))
    const spaces = bits(spacesIn(a), spacesIn(b), spacesIn(c), spacesIn(d))
    const scalars = ~(operators | spaces)
    const plain = scalars & ~quotes
    const follows = (plain << 1) | scalar
    scalar = plain >> 63
    let structure = (operators | (scalars & ~follows)) & ~(inside ^ quotes)
    const more = <usize>popcnt(structure) << 2
    // Four at a time, some of them for nothing, cost less than a branch each.
    for (let entry = write; structure != 0; entry += 16) {
      store<u32>(entry, at + <i32>ctz(structure))
      structure &= structure - 1
      store<u32>(entry, at + <i32>ctz(structure), 4)
      structure &= structure - 1
      store<u32>(entry, at + <i32>ctz(structure), 8)
      structure &= structure - 1
      store<u32>(entry, at + <i32>ctz(structure), 12)
      structure &= structure - 1
    }
    write += more
  }
  setFound(write)
  inString = open ? 1 : 0
  escapeNext = <i32>escaping
  afterScalar = inString ? 0 : <i32>scalar
  return wide && !owedAt(to) ? ~(to - 1) : hexBehind
}

/** What was found before the fault counts. */
function stop(write: usize, at: i32): i32 {
  setFound(write)
  return ~at
}

@inline
function setFound(write: usize): void {
  found = <i32>((write - indexAt) >> 2)
}

/** The bytes that the last character before `end` still owes; false = it is none. What stands before it is right. */
function owedAt(end: i32): bool {
  const last = <i32>load<u8>(windowAt + end - 1)
  if (last < 0x80) return true
  if (last >= 0xc0) return lead(last)
  const second = <i32>load<u8>(windowAt + end - 2)
  if (second >= 0xe0) owe(second < 0xf0 ? 1 : 2)
  else if (second >= 0x80 && second < 0xc0 && <i32>load<u8>(windowAt + end - 3) >= 0xf0) owe(1)
  return true
}

function owe(bytes: i32): void {
  utf8Owed = bytes
  utf8Low = 0x80
  utf8High = 0xbf
}
