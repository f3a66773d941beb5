import type { Arrival, Masked } from './exchange.ts'
import { type AdmitRooms, admit } from './stages/admit/admit.ts'
import { authenticate } from './stages/authenticate/authenticate.ts'
import type { Authenticator } from './stages/authenticate/authenticator.ts'
import { authorize } from './stages/authorize/authorize.ts'
import { type SanitiseRooms, sanitiseHead } from './stages/forward/sanitise-request.ts'
import { type MaskRooms, resolveMask } from './stages/mask/resolve-mask.ts'
import { match, matchOwn } from './stages/match/match.ts'
import type { RouteTable } from './stages/match/route-table.ts'
import { type Limits, throttle, throttleAddress, throttleMember } from './stages/throttle/throttle.ts'

/** What the stages need that lives longer than a request. */
export interface Rooms {
  readonly admission: AdmitRooms
  readonly routes: RouteTable
  readonly limits: Limits
  readonly authenticators: readonly Authenticator[]
  readonly masks: MaskRooms
  readonly sanitising: SanitiseRooms
}

/** The order of the checks. Each result is the next one's argument; whatever throws, refuses. */
export async function decide(arrival: Arrival, rooms: Rooms): Promise<Masked> {
  const admitted = admit(arrival, rooms.admission)
  const matched = match(admitted, rooms.routes)
  const throttled = await throttle(matched, rooms.limits)
  const known = authenticate(throttled, rooms.authenticators)
  // A turn of the queue less where nothing has to be asked.
  const authenticated = known instanceof Promise ? await known : known
  const counted = await throttleMember(authenticated, rooms.limits)
  const authorized = authorize(counted)
  const masked = resolveMask(authorized, rooms.masks)
  return sanitiseHead(masked, rooms.sanitising)
}

/**
 * The same questions again for a request whose body took its time: a ban, an ended session or a lost right since then
 * refuses it (CWE-367). Nothing is counted a second time.
 */
export async function decideAgain(masked: Masked, rooms: Rooms): Promise<Masked> {
  admit(masked.arrival, rooms.admission)
  const authenticated = await authenticate(masked, rooms.authenticators)
  return resolveMask(authorize(authenticated), rooms.masks)
}

/** The part of it that our own pages share: not banned, a host we serve, one reading of the target, inside the limits. */
export async function admitOwn(arrival: Arrival, rooms: Rooms): Promise<OwnRequest> {
  const admitted = admit(arrival, rooms.admission)
  const { host } = matchOwn(admitted, rooms.routes)
  await throttleAddress(admitted, rooms.limits)
  return { ...admitted, host }
}

/** A request for one of our own pages. */
export interface OwnRequest extends ReturnType<typeof admit> {
  readonly host: string
}
