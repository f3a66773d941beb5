/** The JSON core of the response filter: `npm run build:wasm` makes `src/stages/filter/core/json-core.wasm` of it. */
import { doomed, fieldsWithheld, inRow, loadGate, rows, saveGate, shift, violations, withheld } from './gate'
import { stateAt } from './layout'
import { flush, outLength, pendingFrom, pendingTo } from './output'
import { usePlan } from './plan'
import { cutCount, loadRow, saveRow, spilled } from './row'
import { loadScan, saveScan } from './scan'
import { finish, loadWalk, read, resetWalk, saveWalk } from './walk'

const scalarsAt: usize = stateAt + 0x4800

/** A new document under the plan at `plan`. */
export function begin(plan: usize): void {
  usePlan(plan)
  resetWalk()
}

/** Puts everything that the open document needs into the state, to be copied away. */
export function save(): void {
  saveWalk(saveRow(saveGate(saveScan(scalarsAt))))
}

/** Goes on with a document whose state was copied back. */
export function resume(plan: usize): void {
  usePlan(plan)
  loadWalk(loadRow(loadGate(loadScan(scalarsAt))))
}

export { cutCount, doomed, fieldsWithheld, finish, flush, inRow, outLength, pendingFrom, pendingTo, read, rows, shift, spilled, violations, withheld }
