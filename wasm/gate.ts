/**
 * Decides every place that the plan names: copied, replaced by null, or a row that waits for its verdict. The same
 * decisions as `src/stages/filter/row-gate.ts`, which is its oracle.
 */
import { releaseSpilled } from './host'
import {
  flagBlocks,
  flagRecounts,
  flagRemoves,
  flagStrict,
  flagTotalBlocks,
  planFlags,
  planMaxRow,
  stateNodes,
  windowAt,
} from './layout'
import { copy, putByte, putHeld, putNull, putNumber } from './output'
import {
  findKey,
  findPlain,
  flagsOf,
  isPlain,
  keyCount,
  keyNode,
  keysFrom,
  mayMatch,
  nodeAlone,
  nodeElement,
  nodeGuardsKeys,
  nodeGuardsStar,
  nodeHasKeys,
  nodeLosesKeys,
  nodeSkims,
  nodeStrict,
  nodeWithheld,
  none,
  parentOf,
  plan,
  roleField,
  roleKeep,
  roleOf,
  rolePath,
  roleRow,
  roleTotal,
  sieveOf,
  skipNode,
  starOf,
  twin,
} from './plan'
import {
  cut,
  cutCount,
  cutEnds,
  cutStarts,
  getValueAt,
  isPermitted,
  judgeFirst,
  judgeValue,
  keepMember,
  markComma,
  markKey,
  openCuts,
  openRow,
  removeMember,
  setValueAt,
  spilled,
  spoilBelow,
} from './row'
import { special } from './scan'

/** Why the answer is refused; 0 = it is not. `src/stages/filter/core/faults.ts` knows them by the same numbers. */
export const unreadable: i32 = 1
const keyOnTheWay: i32 = 2
const keyInRow: i32 = 3
const withheldElsewhere: i32 = 4
const wayOfOtherShape: i32 = 5
const noRowObject: i32 = 6
const itemNotFound: i32 = 7
const rowNotPermitted: i32 = 8
const totalUnknown: i32 = 9
const rowTooLarge: i32 = 10
const undeclared: i32 = 11

export let fault: i32 = 0

export function setFault(code: i32): void {
  fault = code
}

/** By node: this key was seen in the open object; something of this container went out. */
const seen: usize = stateNodes + 0xe00
const sent: usize = stateNodes + 0xf00

/** Where in the window that which is copied right now begins; negative = nothing is. */
let copyFrom: i32 = -1
/** Add it to a position in the window to get the position in the row. */
export let shift: i32 = 0
export let inRow: i32 = 0
/** Whatever the predicate says, this row does not go out. */
export let doomed: i32 = 0
let violated: i32 = 0
let rowsClosed: i32 = 0

export let rows: f64 = 0
export let withheld: f64 = 0
export let fieldsWithheld: f64 = 0
export let violations: f64 = 0

export function resetGate(): void {
  copyFrom = -1
  shift = 0
  inRow = 0
  doomed = 0
  violated = 0
  rowsClosed = 0
  rows = 0
  withheld = 0
  fieldsWithheld = 0
  violations = 0
  memory.fill(seen, 0, 0x200)
}

export function saveGate(at: usize): usize {
  store<i32>(at, copyFrom)
  store<i32>(at, shift, 4)
  store<i32>(at, inRow, 8)
  store<i32>(at, doomed, 12)
  store<i32>(at, violated, 16)
  store<i32>(at, rowsClosed, 20)
  store<f64>(at, rows, 24)
  store<f64>(at, withheld, 32)
  store<f64>(at, fieldsWithheld, 40)
  store<f64>(at, violations, 48)
  return at + 56
}

export function loadGate(at: usize): usize {
  copyFrom = load<i32>(at)
  shift = load<i32>(at, 4)
  inRow = load<i32>(at, 8)
  doomed = load<i32>(at, 12)
  violated = load<i32>(at, 16)
  rowsClosed = load<i32>(at, 20)
  rows = load<f64>(at, 24)
  withheld = load<f64>(at, 32)
  fieldsWithheld = load<f64>(at, 40)
  violations = load<f64>(at, 48)
  return at + 56
}

@inline
function planHas(flag: i32): bool {
  return (load<i32>(plan + planFlags) & flag) != 0
}

export function openWindow(): void {
  if (copyFrom >= 0) copyFrom = 0
}

export function closeWindow(to: i32): void {
  if (copyFrom >= 0) copy(copyFrom, to)
  if (!inRow) return
  if (shift + to > load<i32>(plan + planMaxRow)) fault = rowTooLarge
  shift += to
}

/** The quote that opens a key, where the container wants to hear of it. */
export function keyStart(node: i32, at: i32): void {
  if (roleOf(node) == rolePath) {
    separate(node)
    copyFrom = at
  } else if (flagsOf(node) & nodeLosesKeys) markKey(node, at + shift)
}

@inline
export function comma(node: i32, at: i32): void {
  markComma(node, at + shift)
}

/** `from` to `to` is the key without quotes; `after` is behind its closing quote. Returns the node of its value. */
export function keyEnd(node: i32, from: usize, to: usize, after: i32, tooLong: bool): i32 {
  // Of a key that began in an earlier window this one knows nothing.
  const plain = !tooLong && ((!special && from >= windowAt) || isPlain(from, to))
  if (plain && (flagsOf(node) & nodeSkims) && !mayMatch(sieveOf(node), from, <i32>(to - from))) return none
  const match = tooLong ? none : findKey(node, from, to, plain)
  const key = match == twin ? none : match
  const unclear = match == twin || (key != none && load<u8>(seen + key) != 0)
  if (key != none) store<u8>(seen + key, 1)
  if (roleOf(node) != rolePath) {
    if (unclear) violate(keyInRow)
    if ((flagsOf(node) & nodeLosesKeys) && (key == none || !(flagsOf(key) & nodeWithheld))) keepMember(node)
    return key
  }
  if (unclear) {
    fault = keyOnTheWay
    return none
  }
  copy(copyFrom, after)
  copyFrom = -1
  putByte(0x3a)
  return key == none ? skipNode : key
}

/** The same where keys that are not ruled change nothing, for plain ASCII that may match. */
@inline
export function skimmedKey(node: i32, from: usize, length: i32): i32 {
  const match = findPlain(node, from, length)
  if (match == none) return none
  if (match == twin || load<u8>(seen + match) != 0) violate(keyInRow)
  if (match == twin) return none
  store<u8>(seen + match, 1)
  return match
}

/** A whole string, number or word at a simple field. */
@inline
export function simpleValue(node: i32, from: i32, to: i32): void {
  if (!doomed) judgeFirst(node, from, to)
}

/** Returns whether the places inside this value matter. */
export function valueStart(node: i32, byte: i32, at: i32): bool {
  const role = roleOf(node)
  if (role == roleField) return startField(node, byte, at)
  if (role == roleRow) return startRow(node, byte, at)
  if (role == rolePath) return startPath(node, byte, at)
  separateElement(node)
  if (role == roleKeep) copyFrom = at
  else if (role == roleTotal) putTotal(byte)
  else {
    if (planHas(flagStrict) && byte != 0x6e) fault = undeclared
    putNull()
  }
  return false
}

export function valueEnd(node: i32, inside: bool, after: i32): void {
  const role = roleOf(node)
  if (role == roleField) endField(node, after)
  else if (role == roleRow) endRow(node, after)
  else if (role == rolePath) {
    if (inside) copy(after - 1, after)
    if (starOf(node) != none && roleOf(starOf(node)) == roleRow) rowsClosed = 1
  } else if (role == roleKeep) {
    copy(copyFrom, after)
    copyFrom = -1
  }
}

function startPath(node: i32, byte: i32, at: i32): bool {
  separateElement(node)
  const fits =
    byte == 0x7b ? (flagsOf(node) & nodeHasKeys) != 0 : byte == 0x5b && starOf(node) != none
  if (fits) {
    openContainer(node)
    store<u8>(sent + node, 0)
    copy(at, at + 1)
    return true
  }
  if (((flagsOf(node) & nodeStrict) || planHas(flagStrict)) && byte != 0x6e) fault = wayOfOtherShape
  putNull()
  return false
}

function startRow(node: i32, byte: i32, at: i32): bool {
  inRow = 1
  doomed = 0
  violated = 0
  shift = -at
  openRow()
  if (byte == 0x7b) {
    openContainer(node)
    return (flagsOf(node) & nodeHasKeys) != 0
  }
  doomed = 1
  if ((flagsOf(node) & nodeAlone) && byte != 0x6e) fault = noRowObject
  return false
}

function startField(node: i32, byte: i32, at: i32): bool {
  setValueAt(node, at + shift)
  const isObject = byte == 0x7b
  if (!isObject && byte != 0x6e) spoilBelow(node)
  if (!isObject && byte != 0x5b) return false
  const flags = flagsOf(node)
  if (flags & (isObject ? nodeGuardsStar : nodeGuardsKeys)) violate(withheldElsewhere)
  if (!isObject) return starOf(node) != none
  openContainer(node)
  return (flags & nodeHasKeys) != 0
}

function endField(node: i32, after: i32): void {
  if (doomed) return
  judgeValue(node, getValueAt(node) - shift, after)
  if (!(flagsOf(node) & nodeWithheld) || parentOf(node) == none) return
  if (planHas(flagRemoves)) removeMember(parentOf(node), after + shift)
  else cut(getValueAt(node), after + shift)
}

function endRow(node: i32, after: i32): void {
  inRow = 0
  rows++
  if (after + shift > load<i32>(plan + planMaxRow)) fault = rowTooLarge
  else if (doomed || !isPermitted()) refuseRow(node)
  else release(node, after)
}

function refuseRow(node: i32): void {
  if (violated) violations++
  withheld++
  const flags = flagsOf(node)
  if (flags & nodeAlone) fault = itemNotFound
  else if (planHas(flagBlocks)) fault = rowNotPermitted
  else if (!(flags & nodeElement)) putNull()
}

function release(node: i32, after: i32): void {
  const begin = -shift
  const flags = flagsOf(node)
  if ((flags & nodeElement) && !(flags & nodeAlone)) separateRow(node, begin - 1)
  fieldsWithheld += spilled + cutCount
  if (spilled) {
    releaseSpilled(after)
    return
  }
  let from = begin
  for (let at = 0; at < cutCount; at++) {
    emit(from, load<i32>(cutStarts + (<usize>at << 2)) - shift)
    if (!planHas(flagRemoves)) putNull()
    from = load<i32>(cutEnds + (<usize>at << 2)) - shift
  }
  emit(from, after)
}

/** Positions in the window; what stands before it is held by the other side. */
function emit(from: i32, to: i32): void {
  if (from < 0) putHeld(from + shift, (to < 0 ? to : 0) + shift)
  const begin = from < 0 ? 0 : from
  if (to > begin) copy(begin, to)
}

/** The row does not go out, and under `block` nothing does. */
function violate(code: i32): void {
  if (planHas(flagBlocks)) fault = code
  violated = 1
  doomed = 1
}

function openContainer(node: i32): void {
  const flags = flagsOf(node)
  if (flags & nodeHasKeys) {
    const last = keysFrom(node) + keyCount(node)
    for (let key = keysFrom(node); key < last; key++) store<u8>(seen + keyNode(key), 0)
  }
  if (flags & nodeLosesKeys) openCuts(node)
}

function separateElement(node: i32): void {
  if (flagsOf(node) & nodeElement) separate(parentOf(node))
}

/** The comma before a member or element of `container`, unless it is the first to go out. */
function separate(container: i32): void {
  if (load<u8>(sent + container) != 0 && container != 0) putByte(0x2c)
  store<u8>(sent + container, 1)
}

/** Takes the document's own comma where it stands right before the row, so that kept rows go out in one range. */
function separateRow(row: i32, commaAt: i32): void {
  const container = parentOf(row)
  if (container == none) return
  const first = load<u8>(sent + container) == 0
  store<u8>(sent + container, 1)
  if (first) return
  if (commaAt >= 0 && load<u8>(windowAt + commaAt) == 0x2c) copy(commaAt, commaAt + 1)
  else putByte(0x2c)
}

function putTotal(byte: i32): void {
  if (planHas(flagTotalBlocks) && byte != 0x6e) fault = totalUnknown
  const isNumber = byte == 0x2d || <u32>(byte - 0x30) < 10
  if (planHas(flagRecounts) && isNumber && rowsClosed) putNumber(rows - withheld)
  else putNull()
}
