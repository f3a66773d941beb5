/** What every edge of a fleet must agree on. Two implementations (memory, Redis), one contract suite. */
export interface SharedState {
  // sessions -----------------------------------------------------------------------------------------------------
  /** `id` is the hash of the handle; the handle itself is never stored. */
  putSession(id: string, record: SessionRecord): Promise<void>
  session(id: string): Promise<SessionRecord | undefined>
  /** Moves the idle deadline; false where the session is gone. */
  touchSession(id: string, idleUntil: number): Promise<boolean>
  /** Ends it here and, through `revocations`, on every edge. */
  endSession(id: string): Promise<void>
  sessionsOf(account: string): Promise<readonly (SessionRecord & { readonly id: string })[]>

  // counters -----------------------------------------------------------------------------------------------------
  /** Adds one to a fixed window that starts with its first hit. */
  hit(key: string, windowMs: number): Promise<{ readonly count: number; readonly ttlMs: number }>
  /** The same counter without adding. */
  peek(key: string): Promise<{ readonly count: number; readonly ttlMs: number }>
  reset(key: string): Promise<void>

  // one-time values ----------------------------------------------------------------------------------------------
  /** True for the first caller only, until the time has passed. */
  claim(key: string, ttlMs: number): Promise<boolean>
  putOnce(key: string, value: string, ttlMs: number): Promise<void>
  /** Reads without consuming. */
  peekOnce(key: string): Promise<string | undefined>
  /** Reads and deletes in one step. */
  takeOnce(key: string): Promise<string | undefined>

  /** Shared lists of which every edge holds a copy; `bans` and `revocations` are the two. */
  readonly bans: ReplicatedSet
  readonly revocations: ReplicatedSet

  ping(): Promise<void>
  close(): Promise<void>
}

export interface SessionRecord {
  readonly account: string
  readonly tenant: string
  /** Public name of the session (in audit and assertion), not a credential. */
  readonly sid: string
  readonly epoch: number
  /** Milliseconds since the Unix epoch, like every time here. */
  readonly createdAt: number
  readonly idleUntil: number
  readonly absoluteUntil: number
  /** How the person signed in: a `SignInMethod`. */
  readonly method: string
  readonly address: string
  readonly userAgent: string
}

export interface ReplicatedEntry {
  readonly member: string
  /** Opaque JSON text. */
  readonly value: string
  readonly expiresAt: number
}

export type ReplicatedChange =
  | { readonly kind: 'added'; readonly entry: ReplicatedEntry }
  | { readonly kind: 'removed'; readonly member: string }

/**
 * A set with expiry that is written anywhere and copied everywhere. Writing the same member again replaces it.
 * A change is delivered to every subscriber, the writer's too, in an order that all agree on.
 */
export interface ReplicatedSet {
  add(entry: ReplicatedEntry): Promise<void>
  remove(member: string): Promise<boolean>
  list(): Promise<readonly ReplicatedEntry[]>
  /**
   * Calls `onSnapshot` with the whole set first (and again after every reconnect), then `onChange` for each change.
   * Resolves once the first snapshot was delivered, however long the store stays away; rejects only on close.
   */
  subscribe(subscriber: ReplicatedSubscriber): Promise<() => void>
}

export interface ReplicatedSubscriber {
  /** `emptied`: the store lost what it held before (flushed, restarted bare); put back what you still hold. */
  onSnapshot(entries: readonly ReplicatedEntry[], emptied: boolean): void
  onChange(change: ReplicatedChange): void
}
