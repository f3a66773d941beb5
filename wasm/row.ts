/** What is known of the row that is being read: which tests hold, and what is taken out of it. */
import { clear, judge, refused, spillCuts, verdict } from './host'
import {
  flagOpaque,
  memoEntries,
  memoEntryBytes,
  memoValueBytes,
  planAbsentBits,
  planFlags,
  planFormula,
  planFormulaLength,
  planMemo,
  planSlotLists,
  planSlotMasks,
  stateCuts,
  stateNodes,
  windowAt,
} from './layout'
import { isUnknown, numberAnswer } from './number'
import { frameOf, nodeAt, plan } from './plan'

/** Tests that hold, by leaf. */
let holds: i32 = 0

/** By node, row-relative: where its value begins, its key, the last comma in it; a member of it stays; it owes a comma. */
const valueAt: usize = stateNodes
const keyStartAt: usize = stateNodes + 0x400
const commaAt: usize = stateNodes + 0x800
const kept: usize = stateNodes + 0xc00
const owes: usize = stateNodes + 0xd00
/** Begins and ends of what is taken out, row-relative. */
export const cutStarts: usize = stateCuts
export const cutEnds: usize = stateCuts + 0x800
const mostCuts: i32 = 512

export let cutCount: i32 = 0
/** Cuts of this row that the other side has. */
export let spilled: i32 = 0

export function saveRow(at: usize): usize {
  store<i32>(at, holds)
  store<i32>(at, cutCount, 4)
  store<i32>(at, spilled, 8)
  return at + 16
}

export function loadRow(at: usize): usize {
  holds = load<i32>(at)
  cutCount = load<i32>(at, 4)
  spilled = load<i32>(at, 8)
  return at + 16
}

@inline
function isOpaque(): bool {
  return (load<i32>(plan + planFlags) & flagOpaque) != 0
}

export function openRow(): void {
  holds = load<i32>(plan + planAbsentBits)
  cutCount = 0
  spilled = 0
  if (isOpaque()) clear()
}

/** Tests a value at its end. Positions in the window; a begin before it is negative. */
export function judgeValue(node: i32, from: i32, to: i32): void {
  const first = load<u16>(nodeAt(node), 16)
  const last = first + load<u16>(nodeAt(node), 18)
  for (let at: u32 = first; at < last; at++) judgeSlot(load<u8>(plan + planSlotLists + at), from, to)
}

/** The same where one slot reads the value. */
@inline
export function judgeFirst(node: i32, from: i32, to: i32): void {
  judgeSlot(load<u8>(plan + planSlotLists + load<u16>(nodeAt(node), 16)), from, to)
}

/** Something other than an object stands where a ruled value should be inside it. */
export function spoilBelow(node: i32): void {
  const first = load<u16>(nodeAt(node), 20)
  const last = first + load<u16>(nodeAt(node), 22)
  for (let at: u32 = first; at < last; at++) judgeSlot(load<u8>(plan + planSlotLists + at), 0, 0)
}

function judgeSlot(slot: i32, from: i32, to: i32): void {
  if (isOpaque()) {
    judge(slot, from, to)
    return
  }
  const mask = load<i32>(plan + planSlotMasks + (<usize>slot << 2))
  const length = to - from
  if (from >= 0 && length > 0) {
    const byte = <i32>load<u8>(windowAt + from)
    if (byte == 0x2d || <u32>(byte - 0x30) < 10) {
      const answer = numberAnswer(slot, from, to)
      if (!isUnknown) {
        holds = (holds & ~mask) | answer
        return
      }
    }
  }
  const held = from < 0 || length > memoValueBytes || length <= 0
  holds = (holds & ~mask) | (held ? judge(slot, from, to) : recall(slot, from, length))
}

/** Asks the memo of this slot first: the same few values come in row after row. */
function recall(slot: i32, from: i32, length: i32): i32 {
  const value = windowAt + from
  let hash: u64 = length
  for (let at = 0; at < length; at += 8) hash = (rotl(hash, 23) ^ word(value + at, length - at)) * 0x9e3779b97f4a7c15
  const entry =
    plan +
    planMemo +
    <usize>((slot * memoEntries + <i32>(hash >> 59)) * <i32>memoEntryBytes)
  if (<i32>load<u8>(entry) == length && sameValue(entry + 8, value, length)) return load<i32>(entry, 4)
  const answer = judge(slot, from, from + length)
  store<u8>(entry, length)
  store<i32>(entry, answer, 4)
  for (let at = 0; at < length; at += 8) store<u64>(entry + 8 + at, word(value + at, length - at))
  return answer
}

@inline
function word(at: usize, left: i32): u64 {
  const bytes = load<u64>(at)
  return left >= 8 ? bytes : bytes & (((<u64>1) << (left << 3)) - 1)
}

function sameValue(known: usize, value: usize, length: i32): bool {
  for (let at = 0; at < length; at += 8) if (load<u64>(known + at) != word(value + at, length - at)) return false
  return true
}

/** Whether the row may go out: a monotone formula over the tests that hold. The other side hears of a row that may not. */
export function isPermitted(): bool {
  if (isOpaque()) return verdict() != 0
  const end = plan + planFormula + load<i32>(plan + planFormulaLength)
  let stack: u64 = 0
  for (let at = plan + planFormula; at < end; at++) {
    const step = <i32>load<u8>(at)
    if (step < 32) stack = (stack << 1) | ((holds >>> step) & 1)
    else if (step == 0x80) stack = (stack >> 1) & (stack | ~(<u64>1))
    else if (step == 0x81) stack = (stack >> 1) | (stack & 1)
    else stack = (stack << 1) | <u64>(step == 0x82)
  }
  if ((stack & 1) != 0) return true
  refused(holds)
  return false
}

@inline
export function setValueAt(node: i32, at: i32): void {
  store<i32>(valueAt + (<usize>node << 2), at)
}

@inline
export function getValueAt(node: i32): i32 {
  return load<i32>(valueAt + (<usize>node << 2))
}

export function openCuts(node: i32): void {
  store<u8>(kept + frameOf(node), 0)
  store<u8>(owes + frameOf(node), 0)
}

@inline
export function markComma(node: i32, at: i32): void {
  store<i32>(commaAt + (frameOf(node) << 2), at)
}

export function markKey(node: i32, at: i32): void {
  const frame = frameOf(node)
  store<i32>(keyStartAt + (frame << 2), at)
  if (load<u8>(owes + frame) == 0) return
  store<u8>(owes + frame, 0)
  store<i32>(cutEnds + (<usize>(cutCount - 1) << 2), at)
}

@inline
export function keepMember(node: i32): void {
  store<u8>(kept + frameOf(node), 1)
}

/** Takes out the member of `node` that ends before `end`, with the separator that stands alone without it. */
export function removeMember(node: i32, end: i32): void {
  const frame = frameOf(node)
  const alone = load<u8>(kept + frame) == 0
  store<u8>(owes + frame, alone ? 1 : 0)
  cut(load<i32>((alone ? keyStartAt : commaAt) + (frame << 2)), end)
}

export function cut(start: i32, end: i32): void {
  if (cutCount == mostCuts) {
    // All but the last, whose end may still move.
    spillCuts()
    store<i32>(cutStarts, load<i32>(cutStarts + ((mostCuts - 1) << 2)))
    store<i32>(cutEnds, load<i32>(cutEnds + ((mostCuts - 1) << 2)))
    spilled += mostCuts - 1
    cutCount = 1
  }
  store<i32>(cutStarts + (<usize>cutCount << 2), start)
  store<i32>(cutEnds + (<usize>cutCount << 2), end)
  cutCount++
}
