import { ProxyError } from '../errors.ts'
import type { Masked, RowAccess } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import type { Rooms } from '../pipeline.ts'
import { type PolicySource, resolvePrincipal } from '../stages/authenticate/member.ts'
import { authorize } from '../stages/authorize/authorize.ts'
import { resolveMask } from '../stages/mask/resolve-mask.ts'
import type { LiveSockets } from './live-sockets.ts'

/** As long as a copy of somebody's rights may go without being confirmed. */
const everyMs = 1000

export interface RightsRooms {
  readonly live: LiveSockets
  readonly policies: PolicySource
  readonly pipeline: Pick<Rooms, 'masks'>
  readonly clock: Clock
}

/** Asks again, until stopped, for the rights of all who have something under way, and ends what they lost. */
export function watchRights(rooms: RightsRooms): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  /** One after the other, so that many of them are no burst on the store. */
  async function round(): Promise<void> {
    for (const live of rooms.live.since(rooms.clock.now() - everyMs)) {
      if (stopped) return
      if (!(await isHeld(live.masked, rooms))) live.destroy()
    }
    if (!stopped) wait()
  }

  function wait(): void {
    timer = setTimeout(() => void round(), everyMs).unref()
  }

  wait()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** False where a request like it would be refused now, or given other rows. A store that is away has not said no. */
async function isHeld(masked: Masked, rooms: RightsRooms): Promise<boolean> {
  const { access } = masked
  if (access.kind === 'public') return true
  const { policy, proof, method, sid, expiresAt } = access.principal
  const { account, tenant } = policy
  const epoch = proof === 'key' ? undefined : account.epoch
  try {
    const claim = { proof, method, tenant: tenant.id, account: account.id, sid, epoch, expiresAt }
    const principal = await resolvePrincipal(claim, rooms.policies)
    const now = resolveMask(authorize({ ...masked, identity: { kind: 'principal', principal } }), rooms.pipeline.masks)
    return nameOf(now.rows) === nameOf(masked.rows)
  } catch (error) {
    return !(error instanceof ProxyError) || error.status >= 500
  }
}

/** Equal for the same rows and fields. */
function nameOf(rows: RowAccess): string {
  if (rows.kind === 'undeclared') return ''
  return [rows.mask.kind, rows.header?.digest ?? '', ...rows.withhold].join(' ')
}
