import type { ReplicatedEntry, ReplicatedSet, ReplicatedSubscriber } from '../shared-state/shared-state.ts'

/** How many changes travel at once. */
const BATCH = 64
const RETRY_MS = 500

type Change = { readonly kind: 'add'; readonly entry: ReplicatedEntry } | { readonly kind: 'remove' }

/**
 * This edge's end of a shared list: hears what others change and publishes what we change. While the store is away our
 * changes wait here (the latest per member, so never more than the list has members) and are published later.
 */
export class Replica {
  readonly #set: ReplicatedSet
  readonly #sink: ReplicatedSubscriber
  readonly #pending = new Map<string, Change>()
  readonly #settled: (() => void)[] = []
  #unsubscribe: (() => void) | undefined
  #retry: NodeJS.Timeout | undefined
  #publishing = false
  #closed = false
  #synced = false

  constructor(set: ReplicatedSet, sink: ReplicatedSubscriber) {
    this.#set = set
    this.#sink = sink
    this.started = this.#start()
  }

  /** Resolves with the first snapshot, or when closed before one came. */
  readonly started: Promise<void>

  /** False until the first snapshot came: the copy may lack what others know. */
  get synced(): boolean {
    return this.#synced
  }

  /** Changes of ours that the others have not got yet. */
  get pending(): number {
    return this.#pending.size
  }

  publish(entry: ReplicatedEntry): void {
    this.#enqueue(entry.member, { kind: 'add', entry })
  }

  withdraw(member: string): void {
    this.#enqueue(member, { kind: 'remove' })
  }

  /** Resolves once nothing of ours waits any more. */
  settled(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#settled.push(resolve)
    return promise
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#unsubscribe?.()
    for (const resolve of this.#settled.splice(0)) resolve()
  }

  async #start(): Promise<void> {
    const unsubscribe = await this.#set
      .subscribe({
        onSnapshot: (entries, emptied) => this.#onSnapshot(entries, emptied),
        // What waits to be published is newer than what the others say.
        onChange: (change) => {
          if (!this.#pending.has(change.kind === 'added' ? change.entry.member : change.member)) {
            this.#sink.onChange(change)
          }
        },
      })
      // Subscribing fails only when the store was closed, and then there is nothing to hear.
      .catch(() => undefined)
    if (this.#closed) unsubscribe?.()
    else this.#unsubscribe = unsubscribe
  }

  #onSnapshot(entries: readonly ReplicatedEntry[], emptied: boolean): void {
    if (this.#closed) return
    const merged = new Map(entries.map((entry) => [entry.member, entry]))
    for (const [member, change] of this.#pending) {
      if (change.kind === 'add') merged.set(member, change.entry)
      else merged.delete(member)
    }
    this.#sink.onSnapshot([...merged.values()], emptied)
    this.#synced = true
    void this.#publishAll()
  }

  #enqueue(member: string, change: Change): void {
    if (this.#closed) return
    this.#pending.set(member, change)
    void this.#publishAll()
  }

  async #publishAll(): Promise<void> {
    if (this.#publishing || this.#closed) return
    this.#publishing = true
    clearTimeout(this.#retry)
    let going = true
    while (going && this.#pending.size > 0 && !this.#closed) {
      const batch = this.#pending.entries().take(BATCH).toArray()
      const done = await Promise.all(batch.map(([member, change]) => this.#publishOne(member, change)))
      going = done.every(Boolean)
    }
    this.#publishing = false
    if (this.#closed) return
    if (this.#pending.size > 0) this.#retry = setTimeout(() => void this.#publishAll(), RETRY_MS).unref()
    else for (const resolve of this.#settled.splice(0)) resolve()
  }

  async #publishOne(member: string, change: Change): Promise<boolean> {
    try {
      if (change.kind === 'add') await this.#set.add(change.entry)
      else await this.#set.remove(member)
    } catch {
      // The store is away: the change keeps its place in the queue.
      return false
    }
    if (this.#pending.get(member) === change) this.#pending.delete(member)
    return true
  }
}
