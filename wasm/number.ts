/**
 * Tests on plain numbers without asking the other side: a number is read as millionths, and between two points that the
 * tests compare with, all numbers have one answer.
 *
 * A slot's table: u8 points, u8 how far it goes (1 integers, 2 decimals too), then at 8 the points (i64, rising), at 136
 * the answers (i32): below the first point, on it, between it and the second, on the second, and so on.
 */
import { numberBytes, planNumbers, windowAt } from './layout'
import { plan } from './plan'

const pointsAt: usize = 8
const answersAt: usize = 136
const mostDigits: i32 = 12
const mostDecimals: i32 = 6

/** Set where `numberAnswer` has none. */
export let isUnknown: bool = false

export function numberAnswer(slot: i32, from: i32, to: i32): i32 {
  const table = plan + planNumbers + <usize>slot * numberBytes
  const reach = <i32>load<u8>(table, 1)
  isUnknown = true
  if (reach == 0) return 0
  let at = windowAt + from
  const end = windowAt + to
  const negative = load<u8>(at) == 0x2d
  if (negative) at++
  let millionths: i64 = 0
  const begin = at
  let digit: u32 = 0
  for (; at < end; at++) {
    digit = <u32>load<u8>(at) - 0x30
    if (digit > 9) break
    millionths = millionths * 10 + digit
  }
  if (at == begin || <i32>(at - begin) > mostDigits) return 0
  let scale: i64 = 1000000
  if (at < end) {
    if (reach == 1 || load<u8>(at) != 0x2e || <i32>(end - at) > mostDecimals + 1) return 0
    for (at++; at < end; at++) {
      digit = <u32>load<u8>(at) - 0x30
      if (digit > 9) return 0
      millionths = millionths * 10 + digit
      scale /= 10
    }
  }
  isUnknown = false
  millionths *= scale
  return answer(table, negative ? -millionths : millionths)
}

function answer(table: usize, millionths: i64): i32 {
  const points = <i32>load<u8>(table)
  let at = 0
  for (; at < points; at++) {
    const point = load<i64>(table + pointsAt + (<usize>at << 3))
    if (millionths <= point) {
      at = (at << 1) | (millionths == point ? 1 : 0)
      return load<i32>(table + answersAt + (<usize>at << 2))
    }
  }
  return load<i32>(table + answersAt + (<usize>at << 3))
}
