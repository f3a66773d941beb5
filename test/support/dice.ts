/** Small numbers by xorshift, so that a failure can be played again by its seed. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1
  }

  below(bound: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % bound
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new TypeError('nothing to pick')
    return item
  }

  /** Where to cut a body of this length. */
  cuts(length: number): readonly number[] {
    return Array.from({ length: this.below(4) }, () => this.below(length + 1)).sort((left, right) => left - right)
  }

  /** Up to three changes: another byte, one more, one less, or a piece twice. */
  mutate(bytes: Buffer, odd: readonly number[]): Buffer {
    let changed = bytes
    for (let times = 1 + this.below(3); times > 0; times--) {
      const at = this.below(changed.length + 1)
      const kind = this.below(4)
      const extra =
        kind < 2 ? Buffer.of(this.pick(odd)) : kind === 2 ? changed.subarray(at, at + this.below(9)) : Buffer.alloc(0)
      const rest = changed.subarray(kind === 0 || kind === 3 ? at + 1 : at)
      changed = Buffer.concat([changed.subarray(0, at), extra, rest])
    }
    return changed
  }
}
