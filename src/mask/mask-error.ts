/** One thing that is wrong with a mask as written. */
export interface MaskProblem {
  /** Where: `$or[1].amount`; empty for the mask itself. */
  readonly path: string
  readonly message: string
}

/** A mask, or a pointer in a dataset, that cannot be taken as written. */
export class MaskError extends Error {
  override readonly name = 'MaskError'
  readonly problems: readonly MaskProblem[]

  constructor(problems: readonly MaskProblem[]) {
    super(problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '))
    this.problems = problems
  }
}
