/** The JSON core of the response filter: `npm run build:wasm` makes `src/stages/filter/core/json-core.wasm` of it. */
import { doomed, fieldsWithheld, inRow, loadGate, rows, saveGate, shift, violations, withheld } from './gate'
import { resultAt, stateAt, stateCuts, stateEnd, stateScalars, stateSpill } from './layout'
import { flush, outLength, pendingFrom, pendingTo } from './output'
import { usePlan } from './plan'
import { cutCount, loadRow, saveRow } from './row'
import { loadScan, saveScan } from './scan'
import { end, loadWalk, read, resetWalk, saveWalk, spillLength } from './walk'


/** A new document under the plan at `plan`. */
export function begin(plan: usize): void {
  usePlan(plan)
  resetWalk()
}

/** Puts everything that the open document needs into the state, to be copied away; how many bytes of it are needed. */
export function save(): usize {
  saveWalk(saveRow(saveGate(saveScan(stateScalars))))
  return (spillLength > 0 ? stateEnd : cutCount > 0 ? stateSpill : stateCuts) - stateAt
}

/** Goes on with a document whose state was copied back. */
export function resume(plan: usize): void {
  usePlan(plan)
  loadWalk(loadRow(loadGate(loadScan(stateScalars))))
}

/** Reads the first `length` bytes of the window; 0, or why the answer is refused. */
export function push(length: i32): i32 {
  const fault = read(length)
  tell()
  return fault
}

/** After the last piece; 0, or why the answer is refused. */
export function finish(): i32 {
  const fault = end()
  tell()
  return fault
}

/** What goes out becomes whole at `outAt`. */
export function settle(): void {
  flush()
  tell()
}

function tell(): void {
  store<i32>(resultAt, outLength)
  store<i32>(resultAt, pendingFrom, 4)
  store<i32>(resultAt, pendingTo, 8)
  // The begin of a row whose bytes are wanted, relative to the window that follows; 0 = none is open.
  store<i32>(resultAt, inRow && !doomed ? -shift : 0, 12)
  store<i32>(resultAt, cutCount, 16)
  store<i32>(resultAt, shift, 20)
  store<f64>(resultAt, rows, 24)
  store<f64>(resultAt, withheld, 32)
  store<f64>(resultAt, fieldsWithheld, 40)
  store<f64>(resultAt, violations, 48)
}
