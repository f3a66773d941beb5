import { createHash } from 'node:crypto'

/** The unreadable bytes that a crash left after the last good line, as the next start vouches for them. */
export interface Damage {
  readonly tornBytes: number
  readonly tornSha256: string
}

/**
 * Counts and hashes damaged lines, each with its newline, so that opening the log and verifying it agree on
 * what was vouched for.
 */
export class DamageMeter {
  #hash = createHash('sha256')
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  addLine(bytes: Buffer): void {
    this.#hash.update(bytes).update('\n')
    this.#bytes += bytes.length + 1
  }

  /** What was added since the last call. */
  take(): Damage {
    const damage = { tornBytes: this.#bytes, tornSha256: this.#hash.digest('base64url') }
    this.#hash = createHash('sha256')
    this.#bytes = 0
    return damage
  }
}

/** Whether the `detail` of a line admits exactly this damage before it. */
export function vouchesFor(detail: Readonly<Record<string, unknown>>, damage: Damage): boolean {
  return detail.recovered === true && detail.tornBytes === damage.tornBytes && detail.tornSha256 === damage.tornSha256
}
