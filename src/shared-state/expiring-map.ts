import type { Clock } from '../lib/clock.ts'

interface Slot<V> {
  value: V
  expiresAt: number
}

/** What a full map does with one more key: forget the oldest, or not take it. */
export type WhenFull = 'evict' | 'refuse'

/** A bounded map whose entries end; reads never see an ended one, `sweep` frees them a slice at a time. */
export class ExpiringMap<V> {
  readonly #slots = new Map<string, Slot<V>>()
  readonly #clock: Clock
  readonly #max: number
  readonly #whenFull: WhenFull
  #cursor: IterableIterator<[string, Slot<V>]> | undefined

  constructor(clock: Clock, max: number, whenFull: WhenFull) {
    this.#clock = clock
    this.#max = max
    this.#whenFull = whenFull
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): V | undefined {
    return this.#live(key)?.value
  }

  /** Milliseconds left; 0 where absent. */
  ttlMs(key: string): number {
    const slot = this.#live(key)
    return slot === undefined ? 0 : slot.expiresAt - this.#clock.now()
  }

  /** False where the map is full and refuses. */
  set(key: string, value: V, expiresAt: number): boolean {
    const slot = this.#slots.get(key)
    if (slot !== undefined) {
      slot.value = value
      slot.expiresAt = expiresAt
      return true
    }
    if (this.#slots.size >= this.#max && !this.#makeRoom()) return false
    this.#slots.set(key, { value, expiresAt })
    return true
  }

  delete(key: string): boolean {
    const live = this.#live(key) !== undefined
    this.#slots.delete(key)
    return live
  }

  /** Live entries: key, value, end. */
  *entries(): Generator<readonly [string, V, number]> {
    const now = this.#clock.now()
    for (const [key, slot] of this.#slots) {
      if (slot.expiresAt > now) yield [key, slot.value, slot.expiresAt]
    }
  }

  /** Looks at the next `slice` entries and frees those that ended. */
  sweep(slice: number): void {
    const now = this.#clock.now()
    this.#cursor ??= this.#slots.entries()
    for (let i = 0; i < slice; i++) {
      const next = this.#cursor.next()
      if (next.done === true) {
        this.#cursor = undefined
        return
      }
      const [key, slot] = next.value
      if (slot.expiresAt <= now) this.#slots.delete(key)
    }
  }

  clear(): void {
    this.#slots.clear()
    this.#cursor = undefined
  }

  #live(key: string): Slot<V> | undefined {
    const slot = this.#slots.get(key)
    return slot !== undefined && slot.expiresAt > this.#clock.now() ? slot : undefined
  }

  #makeRoom(): boolean {
    this.sweep(SWEEP_WHEN_FULL)
    if (this.#slots.size < this.#max) return true
    if (this.#whenFull === 'refuse') return false
    const oldest = this.#slots.keys().next()
    if (oldest.done !== true) this.#slots.delete(oldest.value)
    return true
  }
}

const SWEEP_WHEN_FULL = 256
