/** What goes out: ranges of the window that follow each other become one, and are copied once something else comes. */
import { outAt, windowAt } from './layout'
import { heldPiece } from './host'

/** Bytes written at `outAt`. */
export let outLength: i32 = 0
/** The range of the window that is not copied yet. */
export let pendingFrom: i32 = 0
export let pendingTo: i32 = 0

export function openOutput(): void {
  outLength = 0
  pendingFrom = 0
  pendingTo = 0
}

@inline
export function copy(from: i32, to: i32): void {
  if (from != pendingTo) {
    flush()
    pendingFrom = from
  }
  pendingTo = to
}

export function flush(): void {
  const length = pendingTo - pendingFrom
  if (length > 0) {
    memory.copy(outAt + outLength, windowAt + pendingFrom, length)
    outLength += length
  }
  pendingFrom = 0
  pendingTo = 0
}

export function putByte(byte: i32): void {
  flush()
  store<u8>(outAt + outLength, byte)
  outLength++
}

export function putNull(): void {
  flush()
  store<u32>(outAt + outLength, 0x6c6c756e)
  outLength += 4
}

export function putNumber(count: f64): void {
  flush()
  let rest = <u64>count
  let digits = 1
  for (let left = rest / 10; left > 0; left /= 10) digits++
  for (let at = outLength + digits - 1; at >= outLength; at--) {
    store<u8>(outAt + at, <u8>(0x30 + (rest % 10)))
    rest /= 10
  }
  outLength += digits
}

/** A piece of the row that began in an earlier window goes here: the other side has its bytes. */
export function putHeld(from: i32, to: i32): void {
  if (to <= from) return
  flush()
  heldPiece(outLength, from, to)
}
