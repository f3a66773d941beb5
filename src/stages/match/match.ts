import { ProxyError } from '../../errors.ts'
import type { Admitted, Matched, Target } from '../../exchange.ts'
import { parseHost } from './host.ts'
import { parseRequestTarget } from './request-target.ts'
import type { RouteTable } from './route-table.ts'

/** Everything below it is ours; no app can have it. */
const ownPrefix = '/.sallyport'

/** Reads host and target once, and finds the one rule that guards and forwards the request. */
export function match(admitted: Admitted, routes: RouteTable): Matched {
  const { host, target } = locate(admitted, routes)
  if (isOwnPath(target.path)) throw new ProxyError('ERR_ROUTE_NOT_FOUND', 'no such page of ours')
  const { app, route } = routes.find(host, target.path, admitted.arrival.method)
  return { ...admitted, host, target, app, route }
}

/** The same reading for our own pages: a known host, and a target that has one reading. */
export function matchOwn(admitted: Admitted, routes: RouteTable): { readonly host: string; readonly target: Target } {
  const located = locate(admitted, routes)
  if (!isOwnPath(located.target.path)) throw new ProxyError('ERR_TARGET_INVALID', 'routed as ours, read as another')
  return located
}

function locate(admitted: Admitted, routes: RouteTable): { readonly host: string; readonly target: Target } {
  const host = parseHost(admitted.headers.single('host'))
  const target = parseRequestTarget(admitted.arrival.target)
  routes.checkHost(host)
  return { host, target }
}

function isOwnPath(path: string): boolean {
  const folded = path.toLowerCase()
  return folded === ownPrefix || folded.startsWith(`${ownPrefix}/`)
}
