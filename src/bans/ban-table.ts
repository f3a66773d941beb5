import type { Clock } from '../lib/clock.ts'
import { maskedKey, networkKey } from '../lib/ip-network.ts'
import { type Ban, memberOf } from './ban.ts'

/** The bans of one prefix length of one IP version, by masked address. */
type Level = Map<string, readonly Ban[]>

/** Bans by network: a lookup costs one map read per prefix length in use, however many bans there are. */
export class BanTable {
  readonly #clock: Clock
  readonly #byMember = new Map<string, Ban>()
  /** Index 0 is IPv4, 1 is IPv6; the longest prefix first. */
  readonly #levels: readonly [Map<number, Level>, Map<number, Level>] = [new Map(), new Map()]
  #cursor: IterableIterator<Ban> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#byMember.size
  }

  get(member: string): Ban | undefined {
    const ban = this.#byMember.get(member)
    return ban !== undefined && ban.until > this.#clock.now() ? ban : undefined
  }

  set(ban: Ban): void {
    const member = memberOf(ban)
    this.delete(member)
    this.#byMember.set(member, ban)
    const levels = this.#levelsOf(ban.network.groups.length)
    const level = levels.get(ban.network.prefix) ?? new Map()
    levels.set(ban.network.prefix, level)
    const key = networkKey(ban.network)
    level.set(key, [...(level.get(key) ?? []), ban])
  }

  delete(member: string): Ban | undefined {
    const ban = this.#byMember.get(member)
    if (ban === undefined) return undefined
    this.#byMember.delete(member)
    const levels = this.#levelsOf(ban.network.groups.length)
    const level = levels.get(ban.network.prefix)
    const key = networkKey(ban.network)
    const others = level?.get(key)?.filter((other) => other !== ban) ?? []
    if (others.length > 0) level?.set(key, others)
    else level?.delete(key)
    if (level?.size === 0) levels.delete(ban.network.prefix)
    return ban
  }

  /** A live ban that covers the address and passes `counts`: any prefix, not only the longest. */
  find(groups: readonly number[], counts: (ban: Ban) => boolean): Ban | undefined {
    const now = this.#clock.now()
    for (const [prefix, level] of this.#levelsOf(groups.length)) {
      const bans = level.get(maskedKey(groups, prefix))
      const found = bans?.find((ban) => ban.until > now && counts(ban))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Live bans. */
  *values(): Generator<Ban> {
    const now = this.#clock.now()
    for (const ban of this.#byMember.values()) {
      if (ban.until > now) yield ban
    }
  }

  /** Looks at the next `slice` bans and frees those that ended. */
  sweep(slice: number): void {
    const now = this.#clock.now()
    this.#cursor ??= this.#byMember.values()
    for (let i = 0; i < slice; i++) {
      const next = this.#cursor.next()
      if (next.done === true) {
        this.#cursor = undefined
        return
      }
      if (next.value.until <= now) this.delete(memberOf(next.value))
    }
  }

  #levelsOf(groupCount: number): Map<number, Level> {
    return this.#levels[groupCount === 2 ? 0 : 1]
  }
}
