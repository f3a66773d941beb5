import { type CompiledPlan, compilePlan } from './core/compile-plan.ts'
import { CoreRowFilter } from './core/core-filter.ts'
import { jsonCore } from './core/json-core.ts'
import type { RowFilter, RowPlan } from './row-plan.ts'
import { rowTree } from './row-tree.ts'
import { JsonRowFilter } from './rows-json.ts'
import { Verdicts } from './verdicts.ts'

const compiled = new WeakMap<RowPlan, CompiledPlan | 'too large'>()

/** Reads one JSON document: by the core, or by the plain scanner where the machine or the plan does not suit it. */
export function openJson(plan: RowPlan, hold = false, verdicts = new Verdicts(plan.predicate)): RowFilter {
  const core = jsonCore()
  const known = compiled.get(plan) ?? compile(plan)
  return core === undefined || known === 'too large'
    ? new JsonRowFilter(plan, hold, verdicts)
    : new CoreRowFilter(core, known, hold, verdicts)
}

function compile(plan: RowPlan): CompiledPlan | 'too large' {
  const made = compilePlan(plan, rowTree(plan)) ?? 'too large'
  compiled.set(plan, made)
  return made
}
