import type { AccountStore } from '../accounts/account-store.ts'
import type { KeyRing } from '../accounts/key-ring.ts'
import type { BanList } from '../bans/ban-list.ts'
import type { RevocationList } from '../bans/revocation-list.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import type { MaskReferences } from '../stages/forward/mask-references.ts'
import type { Observer } from './observer.ts'
import type { LaneName } from './proxy.ts'

/** What lives as long as the edge. */
export interface Foundations {
  readonly config: Config
  readonly clock: Clock
  readonly keys: KeyRing
  readonly store: AccountStore
  readonly state: SharedState
  readonly bans: BanList
  readonly revocations: RevocationList
  readonly observer: Observer
  readonly references: MaskReferences
  readonly lane: LaneName
}
