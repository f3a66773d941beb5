interface Entry<V> {
  readonly value: V
  readonly expiresAt: number
}

/**
 * A map that forgets the least recently used entry above `maxEntries`; every operation is O(1).
 * Times are the caller's milliseconds, so that expiry follows the caller's clock.
 */
export class BoundedMap<K, V> {
  // A Map iterates in the order of insertion: the first key is always the least recently used one.
  readonly #entries = new Map<K, Entry<V>>()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1)
      throw new TypeError('maxEntries must be a positive integer')
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  /** The value, now the most recently used; undefined where absent or expired (`now >= expiresAt`). */
  get(key: K, now = 0): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (now >= entry.expiresAt) return undefined
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, expiresAt = Number.POSITIVE_INFINITY): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt })
    if (this.#entries.size <= this.#maxEntries) return
    const oldest = this.#entries.keys().next()
    if (oldest.done !== true) this.#entries.delete(oldest.value)
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
