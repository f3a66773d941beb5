import type { Masked, Target } from '../exchange.ts'
import type { ComposedMask } from '../mask/compose.ts'
import { userAttributes } from '../mask/user-attributes.ts'
import { writeJsonExact } from '../mask/write-json-exact.ts'
import { injectBody } from '../stages/forward/inject/inject-body.ts'
import { injectQuery } from '../stages/forward/inject/inject-query.ts'
import { dropParameterFields } from '../stages/forward/inject/set-parameters.ts'
import { parseJsonBody, requireJsonBody } from '../stages/forward/json-body.ts'

const nobody: ReadonlyMap<string, unknown> = new Map()

/** What is asked of the app: the path that was matched, and the query with what the route puts into it. */
export function outgoingTarget(masked: Masked): Target {
  const { target, route } = masked
  const { inject } = route.config
  if (inject.every(({ kind }) => kind === 'header')) return target
  return { path: target.path, query: injectQuery(target.query, inject, maskOf(masked), attributesOf(masked)) }
}

/**
 * What is asked for the item that a write is aimed at, with what the route sets: the path, since a parameter may change
 * what a GET shows, and what the client asks besides, since it may as well name another item.
 */
export function lookTargets(masked: Masked): readonly Target[] {
  const { target, route } = masked
  const inject = route.config.inject.filter(({ kind }) => kind === 'set')
  const queries = ['', target.query].map((query) => injectQuery(query, inject, undefined, attributesOf(masked)))
  return [...new Set(queries)].map((query) => ({ path: target.path, query }))
}

/** Whether the route puts something into bodies, so that there has to be one, read whole. */
export function injectsBody({ route }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'body')
}

/** Whether the route takes fields out of forms, where this is one. */
export function changesForm({ route, headers }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'set') && isForm(headers.all('content-type'))
}

/** The body that the app gets: the very bytes that came where the route puts nothing into it. */
export function outgoingBody(masked: Masked, body: Buffer): Buffer {
  const { inject } = masked.route.config
  if (changesForm(masked)) return dropParameterFields(body, inject)
  if (!injectsBody(masked)) return body
  requireJsonBody(masked.headers, (essence) => essence === 'application/json')
  return Buffer.from(writeJsonExact(injectBody(parseJsonBody(body), inject, maskOf(masked))))
}

function attributesOf({ access }: Masked): ReadonlyMap<string, unknown> {
  return access.kind === 'member' ? userAttributes(access.principal.policy) : nobody
}

function maskOf({ rows }: Masked): ComposedMask | undefined {
  return rows.kind === 'masked' ? rows.mask : undefined
}

function isForm(types: readonly string[]): boolean {
  return types.some((type) => type.toLowerCase().includes('x-www-form-urlencoded'))
}
