import type { ClientAddress } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import {
  containsGroups,
  covers,
  formatNetwork,
  groupsOf,
  type Network,
  overlaps,
  parseNetwork,
} from '../lib/ip-network.ts'
import type { ReplicatedChange, ReplicatedEntry, ReplicatedSet } from '../shared-state/shared-state.ts'
import { type Ban, clipText, decodeBan, encodeBan, isBannable, isOrigin, memberOf } from './ban.ts'
import { BanTable } from './ban-table.ts'
import { Replica } from './replica.ts'

export interface BanListOptions {
  /** Never banned, whoever asks. */
  readonly allow: readonly Network[]
  /** Not banned unless an operator insists: trusted proxies, the pod's own networks. Loopback is added here. */
  readonly protect: readonly Network[]
  readonly maxBans?: number
}

export interface BanRequest {
  readonly network: Network
  readonly until: number
  readonly reason: string
  readonly origin: string
  readonly scenario?: string
  readonly by?: string
  /** Only for operators: ban although the network is protected. */
  readonly force?: boolean
}

export type BanOutcome =
  | { readonly kind: 'added'; readonly ban: Ban }
  /** The same origin already bans it for longer. */
  | { readonly kind: 'kept'; readonly ban: Ban }
  | { readonly kind: 'refused'; readonly reason: 'allowed' | 'protected' | 'everyone' | 'ended' | 'origin' | 'full' }

export const OPERATOR = 'operator'
const DEFAULT_MAX_BANS = 250_000
const SWEEP_EVERY_MS = 1_000
const SWEEP_SLICE = 2_000
const loopback = ['127.0.0.0/8', '::1'].flatMap((text) => parseNetwork(text, { hostBits: 'mask' }) ?? [])

/** The fleet's bans as this edge knows them; answers from memory and never waits for anyone. */
export class BanList {
  readonly #clock: Clock
  readonly #allow: readonly Network[]
  readonly #protect: readonly Network[]
  readonly #maxBans: number
  readonly #table: BanTable
  readonly #replica: Replica
  readonly #listeners = new Set<(ban: Ban) => void>()
  readonly #timer: NodeJS.Timeout
  #ignored = 0

  constructor(shared: ReplicatedSet, clock: Clock, options: BanListOptions) {
    this.#clock = clock
    this.#allow = options.allow
    this.#protect = [...loopback, ...options.protect]
    this.#maxBans = options.maxBans ?? DEFAULT_MAX_BANS
    this.#table = new BanTable(clock)
    this.#replica = new Replica(shared, {
      onSnapshot: (entries, emptied) => this.#onSnapshot(entries, emptied),
      onChange: (change) => this.#onChange(change),
    })
    this.#timer = setInterval(() => this.#table.sweep(SWEEP_SLICE), SWEEP_EVERY_MS).unref()
  }

  /** Resolves once the list holds what the fleet knows, however long the store stays away. */
  get started(): Promise<void> {
    return this.#replica.started
  }

  /** False until the first copy arrived. */
  get synced(): boolean {
    return this.#replica.synced
  }

  /** Changes made here that the fleet has not got yet. */
  get pending(): number {
    return this.#replica.pending
  }

  /** Entries of the shared list that were no bans, or one too many. */
  get ignored(): number {
    return this.#ignored
  }

  get size(): number {
    return this.#table.size
  }

  /** The ban that covers this address, if any does; the allow list comes first. */
  isBanned(address: ClientAddress): Ban | undefined {
    if (this.#table.size === 0) return undefined
    const groups = groupsOf(address)
    if (this.#allow.some((network) => containsGroups(network, groups))) return undefined
    const isProtected = this.#protect.some((network) => containsGroups(network, groups))
    return this.#table.find(groups, (ban) => ban.forced || !isProtected)
  }

  /** In force here at once; the other edges follow. */
  add(request: BanRequest): BanOutcome {
    const refusal = this.#refusalOf(request)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }
    const ban = this.#banFrom(request)
    const known = this.#table.get(memberOf(ban))
    if (known !== undefined && known.until > ban.until && ban.origin !== OPERATOR) return { kind: 'kept', ban: known }
    if (!this.#put(ban)) return { kind: 'refused', reason: 'full' }
    this.#replica.publish(encodeBan(ban))
    return { kind: 'added', ban }
  }

  /** Lifts the bans of exactly this network, whichever origins they have (or only the one named). */
  remove(network: Network, origin?: string): readonly Ban[] {
    const name = formatNetwork(network)
    const found = this.list().filter(
      (ban) => formatNetwork(ban.network) === name && (origin === undefined || ban.origin === origin),
    )
    for (const ban of found) {
      this.#table.delete(memberOf(ban))
      this.#replica.withdraw(memberOf(ban))
    }
    return found
  }

  list(): readonly Ban[] {
    return [...this.#table.values()]
  }

  /** Calls `listener` for every ban that comes into force here, so that open sockets can be closed. */
  onBanned(listener: (ban: Ban) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves once everything added and removed here is published. */
  settled(): Promise<void> {
    return this.#replica.settled()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#replica.close()
    this.#listeners.clear()
  }

  #refusalOf(request: BanRequest): Extract<BanOutcome, { kind: 'refused' }>['reason'] | undefined {
    const { network, origin } = request
    if (!isOrigin(origin)) return 'origin'
    if (!isBannable(network)) return 'everyone'
    if (!Number.isSafeInteger(request.until) || request.until <= this.#clock.now()) return 'ended'
    // An operator may ban around an allowed address, a detector may not: its ban also reaches firewalls, which know no
    // exceptions.
    const touches = origin === OPERATOR ? covers : overlaps
    if (this.#allow.some((allowed) => touches(allowed, network))) return 'allowed'
    const forced = request.force === true && origin === OPERATOR
    return !forced && this.#protect.some((kept) => overlaps(kept, network)) ? 'protected' : undefined
  }

  #banFrom(request: BanRequest): Ban {
    return {
      network: request.network,
      until: request.until,
      since: this.#clock.now(),
      origin: request.origin,
      reason: clipText(request.reason),
      scenario: request.scenario === undefined ? undefined : clipText(request.scenario),
      by: request.by === undefined ? undefined : clipText(request.by),
      forced: request.force === true && request.origin === OPERATOR,
    }
  }

  /** False where the list is full. */
  #put(ban: Ban): boolean {
    const member = memberOf(ban)
    const known = this.#table.get(member)
    if (known === undefined && this.#table.size >= this.#maxBans) {
      this.#table.sweep(SWEEP_SLICE)
      if (this.#table.size >= this.#maxBans) return false
    }
    this.#table.set(ban)
    if (known === undefined) for (const listener of this.#listeners) listener(ban)
    return true
  }

  #onSnapshot(entries: readonly ReplicatedEntry[], emptied: boolean): void {
    const members = new Set(entries.map((entry) => entry.member))
    for (const ban of this.list()) {
      const member = memberOf(ban)
      if (members.has(member)) continue
      if (emptied) this.#replica.publish(encodeBan(ban))
      else this.#table.delete(member)
    }
    for (const entry of entries) this.#take(entry)
  }

  #onChange(change: ReplicatedChange): void {
    if (change.kind === 'added') this.#take(change.entry)
    else this.#table.delete(change.member)
  }

  #take(entry: ReplicatedEntry): void {
    // It may have been shortened to a time that has passed before the news came.
    if (entry.expiresAt <= this.#clock.now()) {
      this.#table.delete(entry.member)
      return
    }
    const ban = decodeBan(entry)
    if (ban === undefined || !this.#put(ban)) this.#ignored++
  }
}
