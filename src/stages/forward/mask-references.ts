import { ProxyError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { MaskFacts } from './identity-facts.ts'

const maxHeldBytes = 64 * 1024 * 1024
/** What an entry costs besides its text. */
const entryBytes = 512
/** How long an upstream may take to ask for a mask that it was told the digest of. */
const keptMs = 60_000

interface Entry {
  readonly json: string
  readonly usedAt: number
}

/**
 * Masks that were too large for a header, by the digest that went in their place. What was used in the last minute is
 * never forgotten: where there is no room beside that, a new one is refused. One edge's own: the others hold theirs.
 */
export class MaskReferences {
  // A Map iterates in the order of insertion: the first one is the one that was not used for longest.
  readonly #entries = new Map<string, Entry>()
  readonly #clock: Clock
  readonly #maxBytes: number
  #bytes = 0

  constructor(clock: Clock, maxBytes: number = maxHeldBytes) {
    this.#clock = clock
    this.#maxBytes = maxBytes
  }

  /** Has `mask` at hand from now on; throws `ERR_IDENTITY_TOO_LARGE` where there is no room. */
  hold({ json, digest }: MaskFacts): void {
    const name = nameOf(digest)
    if (this.#touch(name) !== undefined) return
    const bytes = bytesOf(json)
    this.#makeRoom(bytes)
    this.#entries.set(name, { json, usedAt: this.#clock.now() })
    this.#bytes += bytes
  }

  /** The mask of that digest (SHA-256, base64url); undefined where none is held. */
  find(name: string): string | undefined {
    return this.#touch(name)
  }

  #touch(name: string): string | undefined {
    const known = this.#entries.get(name)
    if (known === undefined) return undefined
    this.#entries.delete(name)
    this.#entries.set(name, { json: known.json, usedAt: this.#clock.now() })
    return known.json
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#maxBytes) throw noRoom(bytes)
    for (const [name, { json, usedAt }] of this.#entries) {
      if (this.#bytes + bytes <= this.#maxBytes) return
      if (this.#clock.now() - usedAt < keptMs) throw noRoom(bytes)
      this.#entries.delete(name)
      this.#bytes -= bytesOf(json)
    }
  }
}

function bytesOf(json: string): number {
  return json.length + entryBytes
}

function noRoom(bytes: number): ProxyError {
  return new ProxyError('ERR_IDENTITY_TOO_LARGE', `no room to hold a mask of ${bytes} bytes for the upstream to fetch`)
}

/** `sha-256=:...:` as it stands in a path. */
function nameOf(digest: string): string {
  return Buffer.from(digest.slice('sha-256=:'.length, -1), 'base64').toString('base64url')
}
