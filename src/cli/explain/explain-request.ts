import type { Policy } from '../../accounts/account-store.ts'
import type { Config, GraphqlOperation, IdentityConfig } from '../../config/config.ts'
import { lookTargets, outgoingBody, outgoingTarget } from '../../edge/outgoing.ts'
import { needsPreRead } from '../../edge/pre-read.ts'
import { type ErrorCode, ProxyError } from '../../errors.ts'
import type { Admitted, Authenticated, Masked, MaskedRows, Target } from '../../exchange.ts'
import { systemClock } from '../../lib/clock.ts'
import { parseMask } from '../../mask/parse.ts'
import { canonicalJson } from '../../mask/render/header-json.ts'
import { authorize } from '../../stages/authorize/authorize.ts'
import { Assertions } from '../../stages/forward/assertion.ts'
import { checkBody } from '../../stages/forward/check-body.ts'
import { asksOperation, operationAsked } from '../../stages/forward/graphql.ts'
import { HeaderNames } from '../../stages/forward/header-names.ts'
import { identityNames } from '../../stages/forward/identity-profiles.ts'
import { inspectBody } from '../../stages/forward/inspect-request.ts'
import { prepareHeaders } from '../../stages/forward/prepare-headers.ts'
import { sanitiseBody, sanitiseHead } from '../../stages/forward/sanitise-request.ts'
import { resolveMask, resolveRows } from '../../stages/mask/resolve-mask.ts'
import { match } from '../../stages/match/match.ts'
import { type Destination, RouteTable } from '../../stages/match/route-table.ts'

export interface Refusal {
  readonly stage: 'match' | 'authorize' | 'mask' | 'inspect' | 'body' | 'forward'
  readonly code: ErrorCode
  readonly status: number
  readonly reason: string
}

/** How far the request gets. Each part is there as far as the stages before it let the request come. */
export interface Decision {
  readonly destination: Destination | undefined
  /** Also where the request is refused for having no grant, so that one sees why. */
  readonly rows: MaskedRows | undefined
  /** Knows how the answer would be read; there where the request got as far as its mask, also without any grant. */
  readonly masked: Masked | undefined
  /** The one that a route with GraphQL was asked for. */
  readonly operation: GraphqlOperation | undefined
  /** What an inspection found and would only count (`sanitise: {report: true}`). */
  readonly counted: readonly string[]
  /** What the app is asked first: the item that a write is aimed at has to be the caller's. */
  readonly looks: readonly string[]
  /** Whether it takes that item to say what the body comes to. */
  readonly patchesItem: boolean
  /** What would be asked of the app: path and query, with what the route puts into them. */
  readonly target: string | undefined
  /** The body that the app would get, where that is not the client's. */
  readonly body: Buffer | undefined
  /** What the app would be told of the caller. */
  readonly headers: readonly (readonly [string, string])[]
  readonly refusal: Refusal | undefined
}

class Refused extends Error {
  readonly refusal: Refusal

  constructor(stage: Refusal['stage'], cause: unknown) {
    if (!(cause instanceof ProxyError)) throw cause
    super(cause.message, { cause })
    this.refusal = { stage, code: cause.code, status: cause.status, reason: cause.message }
  }
}

const nothingKnown: Decision = {
  destination: undefined,
  rows: undefined,
  masked: undefined,
  operation: undefined,
  counted: [],
  looks: [],
  patchesItem: false,
  target: undefined,
  body: undefined,
  headers: [],
  refusal: undefined,
}

/** Runs the edge's own stages over a request that never left this process. */
export function decideRequest(admitted: Admitted, policy: Policy, config: Config, body: Buffer | undefined): Decision {
  let known: Decision = nothingKnown
  try {
    const routes = new RouteTable(config.apps, config.publicHost)
    const matched = step('match', () => match(admitted, routes))
    known = { ...known, destination: { app: matched.app, route: matched.route } }
    const bases = basesOf(config)
    const { rows: declared } = matched.route
    const principal = { policy, proof: 'session' as const, sid: 'explain', expiresAt: admitted.arrival.at }
    const asked: Authenticated = { ...matched, limit: undefined, identity: { kind: 'principal', principal } }
    const authorized = step('authorize', () => authorize(asked))
    if (declared !== undefined && authorized.access.kind === 'member') {
      const { dataset, action } = declared
      const rows = step('mask', () => resolveRows(policy, dataset, action, bases.get(dataset.name)))
      known = { ...known, rows, masked: { ...authorized, rows } }
    }
    const masked = step('mask', () => resolveMask(authorized, { auditFailure: () => undefined, bases }))
    const found: string[] = []
    const sanitising = { found: (_: Masked, rule: string, where: string) => void found.push(`${rule} in the ${where}`) }
    step('inspect', () => sanitiseHead(masked, sanitising))
    if (body !== undefined) step('body', () => inspectBody(masked))
    if (body !== undefined) step('inspect', () => sanitiseBody(masked, body, sanitising))
    known = { ...known, counted: found }
    if (needsPreRead(masked)) known = { ...known, looks: step('forward', () => lookTargets(masked).map(targetText)) }
    known = { ...known, patchesItem: known.looks.length > 0 && admitted.arrival.method === 'PATCH' }
    if (asksOperation(masked) && (body !== undefined || admitted.arrival.method === 'GET'))
      known = { ...known, operation: step('body', () => operationAsked(masked, body)) }
    if (body !== undefined && !known.patchesItem)
      known = { ...known, body: step('body', () => changedBody(masked, body)) }
    known = { ...known, target: step('forward', () => targetText(outgoingTarget(masked))) }
    known = { ...known, headers: step('forward', () => identityHeaders(masked, config)) }
    return known
  } catch (error) {
    if (error instanceof Refused) return { ...known, refusal: error.refusal }
    throw error
  }
}

function changedBody(masked: Masked, body: Buffer): Buffer | undefined {
  const outgoing = outgoingBody(masked, checkBody(masked, body))
  return outgoing === body ? undefined : outgoing
}

function targetText({ path, query }: Target): string {
  return `${path}${query}`
}

function step<T>(stage: Refusal['stage'], work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Refused(stage, cause)
  }
}

function basesOf({ datasets }: Config) {
  const withBase = [...datasets.values()].filter(({ base }) => base !== undefined)
  return new Map(withBase.map((dataset) => [dataset.name, parseMask(dataset.base, dataset)]))
}

/** Only ours: the client's own headers are not known here. */
function identityHeaders(masked: Masked, config: Config): readonly (readonly [string, string])[] {
  const { identity } = masked.app.config
  const names = identityNames(identity.profile, identity.headers)
  const rooms = {
    names: new HeaderNames([...identity.headers.values()]),
    assertions: new Assertions(
      { sign: () => `<JWT for ${masked.app.id}, signed for each ${signedFor(identity)}>`, keyId: () => '' },
      config.publicUrl,
      systemClock,
    ),
    references: { hold: () => undefined },
    profiles: new Map([[masked.app.id, names]]),
    publicScheme: new URL(config.publicUrl).protocol.slice(0, -1),
  }
  const flat = prepareHeaders(masked, rooms, 'upstream')
  const ours = new Set([...names.headers.map(({ name }) => name), names.assertion])
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return pairs.filter(([name]) => ours.has(name))
}

function signedFor({ assertion }: IdentityConfig): string {
  return assertion === 'bound' ? 'request' : 'session'
}

/** The parts of a mask by rule, each in its one spelling. */
export function partsOf(rows: MaskedRows) {
  return rows.mask.parts.map(({ rule, role, mask }) => ({ rule, role, mask: canonicalJson(mask) }))
}

/** `true`, `false` (nothing) or the canonical JSON. */
export function maskText({ mask }: MaskedRows): string {
  switch (mask.kind) {
    case 'all':
      return 'true'
    case 'none':
      return 'false'
    case 'conditional':
      return mask.canonical
  }
}
