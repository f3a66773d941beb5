import type { FieldValue, Formula, PredicateRule, RowPredicate } from '../../mask/language.ts'

/** More names than this are told as one. */
const mostNames = 32
const otherNames = 'others'
/** Combinations of tests for which it is remembered which rules fail. */
const mostRemembered = 256

const noRules: readonly PredicateRule[] = []
const noCounts: ReadonlyMap<string, number> = new Map()

/** Asks the predicate, and counts by which rules the rows of one body failed. */
export class Verdicts {
  readonly #predicate: RowPredicate
  /** By rule. */
  #counts: number[] | undefined
  /** Which rules fail, by the bits of the leaves that hold. */
  #failed: Map<number, readonly number[]> | undefined

  constructor(predicate: RowPredicate) {
    this.#predicate = predicate
  }

  /** Whether the row with these values goes out; one that does not is counted. */
  permits(values: readonly FieldValue[]): boolean {
    if (this.#predicate.test(values)) return true
    for (const [at, rule] of (this.#predicate.rules ?? noRules).entries()) if (!rule.test(values)) this.#count(at)
    return false
  }

  /** Counts a row that was refused, by the bits of the leaves that held. */
  refused(holds: number): void {
    this.#failed ??= new Map()
    const known = this.#failed.get(holds)
    const failed = known ?? failedBy(this.#predicate.rules ?? noRules, holds)
    if (known === undefined && this.#failed.size < mostRemembered) this.#failed.set(holds, failed)
    for (const at of failed) this.#count(at)
  }

  /** Rows by the name of a rule that kept them back; a row that fails two counts for both. */
  get rules(): ReadonlyMap<string, number> {
    const counts = this.#counts
    if (counts === undefined) return noCounts
    const told = new Map<string, number>()
    for (const [at, { names }] of (this.#predicate.rules ?? noRules).entries()) {
      const count = counts[at] ?? 0
      for (const name of count > 0 ? names : []) {
        const key = told.has(name) || told.size < mostNames ? name : otherNames
        told.set(key, (told.get(key) ?? 0) + count)
      }
    }
    return told
  }

  #count(rule: number): void {
    this.#counts ??= []
    this.#counts[rule] = (this.#counts[rule] ?? 0) + 1
  }
}

function failedBy(rules: readonly PredicateRule[], holds: number): readonly number[] {
  return rules.flatMap(({ formula }, at) => (isTrue(formula, holds) ? [] : [at]))
}

function isTrue(formula: Formula, holds: number): boolean {
  switch (formula.kind) {
    case 'true':
    case 'false':
      return formula.kind === 'true'
    case 'leaf':
      return ((holds >>> formula.leaf) & 1) === 1
    case 'and':
      return formula.children.every((child) => isTrue(child, holds))
    case 'or':
      return formula.children.some((child) => isTrue(child, holds))
  }
}
