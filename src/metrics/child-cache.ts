interface Level<Child> {
  child: Child | undefined
  readonly next: Map<string, Level<Child>>
}

/** Bound children of a metric by their label values; the hot path looks up strings that are there already. */
export class ChildCache<Child> {
  readonly #root: Level<Child> = { child: undefined, next: new Map() }
  readonly #bind: (values: readonly string[]) => Child

  constructor(bind: (values: readonly string[]) => Child) {
    this.#bind = bind
  }

  /** The values come from the configuration or from a closed set, in the order of the label names. */
  of(...values: readonly string[]): Child {
    let level = this.#root
    for (const value of values) {
      let next = level.next.get(value)
      if (next === undefined) {
        next = { child: undefined, next: new Map() }
        level.next.set(value, next)
      }
      level = next
    }
    level.child ??= this.#bind(values)
    return level.child
  }
}
