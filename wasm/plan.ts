/** Reads the compiled plan in force. `src/stages/filter/core/compile-plan.ts` writes it. */
import {
  keyBytes,
  nodeBytes,
  planKeys,
  planNames,
  planNodes,
  planSieves,
  sieveBytes,
} from './layout'
import { matchKey } from './host'

export const none: i32 = -1
export const twin: i32 = -2

export const rolePath: i32 = 0
export const roleKeep: i32 = 1
export const roleTotal: i32 = 3
export const roleRow: i32 = 4
export const roleField: i32 = 5
/** What every undeclared place outside the rows is. */
export const skipNode: i32 = 1

export const nodeStrict: i32 = 1
export const nodeAlone: i32 = 2
export const nodeWithheld: i32 = 4
export const nodeGuardsKeys: i32 = 8
export const nodeGuardsStar: i32 = 16
export const nodeLosesKeys: i32 = 32
export const nodeHearsKeys: i32 = 64
export const nodeElement: i32 = 128
export const nodeHasKeys: i32 = 256
/** Keys that are not ruled change nothing in it. */
export const nodeSkims: i32 = 512
/** A field that one slot reads, and that means nothing else. */
export const nodeSimple: i32 = 1024

export let plan: usize = 0

export function usePlan(at: usize): void {
  plan = at
}

@inline
export function nodeAt(node: i32): usize {
  return plan + planNodes + <usize>node * nodeBytes
}

@inline
export function roleOf(node: i32): i32 {
  return load<u8>(nodeAt(node))
}

@inline
export function flagsOf(node: i32): i32 {
  return load<u16>(nodeAt(node), 2)
}

@inline
export function frameOf(node: i32): usize {
  return load<u16>(nodeAt(node), 4)
}

@inline
export function parentOf(node: i32): i32 {
  return load<i16>(nodeAt(node), 6)
}

@inline
export function starOf(node: i32): i32 {
  return load<i16>(nodeAt(node), 8)
}

@inline
export function keysFrom(node: i32): i32 {
  return load<u16>(nodeAt(node), 10)
}

@inline
export function keyCount(node: i32): i32 {
  return load<u16>(nodeAt(node), 12)
}

@inline
export function sieveOf(node: i32): usize {
  return plan + planSieves + <usize>load<u16>(nodeAt(node), 14) * sieveBytes
}

/** Longer keys, as spelled in the document, cannot match. */
@inline
export function longestKey(node: i32): i32 {
  return load<i32>(nodeAt(node), 24)
}

@inline
export function keyAt(key: i32): usize {
  return plan + planKeys + <usize>key * keyBytes
}

@inline
export function keyNode(key: i32): i32 {
  return load<u16>(keyAt(key), 4)
}

/** The key may be ruled, as its length, first and last letter go. */
@inline
export function mayMatch(sieve: usize, from: usize, length: i32): bool {
  const ends = length == 0 ? 0 : <i32>load<u8>(from) ^ (<i32>load<u8>(from + length - 1) * 5)
  const slot = ((length & 31) << 5) | (ends & 31)
  return (load<u8>(sieve + (slot >> 3)) & (1 << (slot & 7))) != 0
}

/** ASCII without escapes. */
@inline
export function isPlain(from: usize, to: usize): bool {
  let at = from
  for (; at + 16 <= to; at += 16) {
    const bytes = v128.load(at)
    if (i8x16.bitmask(v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c)))) != 0) return false
  }
  if (at == to) return true
  const bytes = v128.load(at)
  const odd = i8x16.bitmask(v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c))))
  return (odd & ((1 << <i32>(to - at)) - 1)) == 0
}

/** The node of a ruled key, `none`, or `twin`. */
export function findKey(node: i32, from: usize, to: usize, plain: bool): i32 {
  if ((flagsOf(node) & nodeHasKeys) == 0) return none
  if (!plain) return matchKey(node, from, to)
  const length = <i32>(to - from)
  return mayMatch(sieveOf(node), from, length) ? findPlain(node, from, length) : none
}

/** The same for plain ASCII that may match. */
export function findPlain(node: i32, from: usize, length: i32): i32 {
  let result = none
  const last = keysFrom(node) + keyCount(node)
  for (let key = keysFrom(node); key < last; key++) {
    const entry = keyAt(key)
    if (<i32>load<u16>(entry, 2) != length) continue
    const name = plan + planNames + <usize>load<u16>(entry)
    if (isSame(name, from, length)) return load<u16>(entry, 4)
    if (isAlike(name, from, length)) result = twin
  }
  return result
}

function isSame(left: usize, right: usize, length: i32): bool {
  let at = 0
  for (; at + 8 <= length; at += 8) if (load<u64>(left + at) != load<u64>(right + at)) return false
  const rest = (<u64>1 << ((length & 7) << 3)) - 1
  return ((load<u64>(left + at) ^ load<u64>(right + at)) & rest) == 0
}

/** The same after ASCII folding. */
function isAlike(left: usize, right: usize, length: i32): bool {
  for (let at = 0; at < length; at++) if (lower(load<u8>(left + at)) != lower(load<u8>(right + at))) return false
  return true
}

@inline
function lower(byte: i32): i32 {
  return <u32>(byte - 0x41) < 26 ? byte + 32 : byte
}
