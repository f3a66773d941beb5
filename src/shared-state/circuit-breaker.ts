import type { Clock } from '../lib/clock.ts'

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  readonly openMs: number
}

/** Stops asking a store that does not answer; after `openMs` one call at a time may find out whether it is back. */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #options: CircuitBreakerOptions
  #failed = 0
  #openUntil = 0
  #probing = false

  constructor(clock: Clock, options: CircuitBreakerOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** False where the caller must refuse at once; true obliges the caller to report how it went. */
  tryEnter(): boolean {
    if (this.#failed < this.#options.failures) return true
    if (this.#probing || this.#clock.now() < this.#openUntil) return false
    this.#probing = true
    return true
  }

  succeeded(): void {
    this.#failed = 0
    this.#probing = false
  }

  failed(): void {
    this.#failed++
    this.#probing = false
    this.#openUntil = this.#clock.now() + this.#options.openMs
  }
}
