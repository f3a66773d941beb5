/** Bound children of a metric by their label values, so that the hot path looks one string up and nothing more. */
export class ChildCache<Child> {
  readonly #children = new Map<string, Child>()
  readonly #bind: (values: readonly string[]) => Child

  constructor(bind: (values: readonly string[]) => Child) {
    this.#bind = bind
  }

  /** The values come from the configuration or from a closed set, in the order of the label names. */
  of(...values: readonly string[]): Child {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\u0000')
    const known = this.#children.get(key)
    if (known !== undefined) return known
    const child = this.#bind(values)
    this.#children.set(key, child)
    return child
  }
}
