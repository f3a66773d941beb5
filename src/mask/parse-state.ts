import type { Dataset } from './language.ts'
import { MaskError, type MaskProblem } from './mask-error.ts'
import { type Falsehood, falsehood } from './predicate.ts'

export interface MaskLimits {
  /** How deep `$and` and `$or` nest, the mask itself counting one. */
  readonly maxDepth: number
  /** Tests, branches and `true`s. */
  readonly maxNodes: number
}

/** What a person may write. A composed mask, read back, may be larger. */
export const writtenLimits: MaskLimits = { maxDepth: 6, maxNodes: 256 }

const maxProblems = 100

/** What one reading of a mask has found so far. */
export class ParseState {
  readonly dataset: Dataset
  readonly #maxNodes: number
  readonly #problems: MaskProblem[] = []
  #nodes = 0

  constructor(dataset: Dataset, maxNodes: number) {
    this.dataset = dataset
    this.#maxNodes = maxNodes
  }

  /** Nothing more is worth reading. */
  get stopped(): boolean {
    return this.#nodes > this.#maxNodes || this.#problems.length >= maxProblems
  }

  /** Counts a node; false where there are too many. */
  count(path: string): boolean {
    this.#nodes += 1
    if (this.#nodes === this.#maxNodes + 1) this.refuse(path, `more than ${this.#maxNodes} nodes`)
    return this.#nodes <= this.#maxNodes
  }

  /** Notes a problem; the reading goes on with a node that permits nothing. */
  refuse(path: string, message: string): Falsehood {
    this.#problems.push({ path, message })
    return falsehood
  }

  throwProblems(): void {
    if (this.#problems.length > 0) throw new MaskError(this.#problems)
  }
}
