import { ProxyError } from '../errors.ts'

/**
 * Bounds how many hashes run and wait at once: an unbounded queue delays every other user of Node's thread pool by more
 * than a second, and each running hash holds 19 MiB.
 */
export class HashingPool {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(maxRunning = 2, maxWaiting = 20) {
    this.#maxRunning = maxRunning
    this.#maxWaiting = maxWaiting
  }

  /** Rejects with `ERR_SIGN_IN_BUSY` when both places and queue are full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  #enter(): Promise<void> {
    if (this.#running < this.#maxRunning) {
      this.#running += 1
      return Promise.resolve()
    }
    if (this.#waiting.length >= this.#maxWaiting)
      return Promise.reject(new ProxyError('ERR_SIGN_IN_BUSY', 'the hashing pool is full', { retryAfter: 1 }))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The place passes to the next in line, so nobody new can take it in between. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }
}

/** The one pool of this process. */
export const hashingPool = new HashingPool()
