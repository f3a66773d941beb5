import type { Masked, Target } from '../exchange.ts'
import type { ComposedMask } from '../mask/compose.ts'
import { userAttributes } from '../mask/user-attributes.ts'
import { writeJsonExact } from '../mask/write-json-exact.ts'
import { requireNoParts } from '../stages/forward/form-parts.ts'
import { injectBody } from '../stages/forward/inject/inject-body.ts'
import { injectQuery } from '../stages/forward/inject/inject-query.ts'
import { dropParameterFields } from '../stages/forward/inject/set-parameters.ts'
import { nothingWithheld, WithheldPaths } from '../stages/forward/inject/withheld-paths.ts'
import { withheldFields } from '../stages/forward/inspect/withheld-fields.ts'
import { parseJsonBody, requireJsonBody } from '../stages/forward/json-body.ts'

const nobody: ReadonlyMap<string, unknown> = new Map()

/** What is asked of the app: the path that was matched, and the query with what the route puts into it. */
export function outgoingTarget(masked: Masked): Target {
  const { target, route } = masked
  const { inject } = route.config
  if (inject.every(({ kind }) => kind === 'header')) return target
  return { path: target.path, query: injectQuery(target.query, inject, maskOf(masked), attributesOf(masked), pathsWithheld(masked)) }
}

/**
 * What is asked for the item that a write is aimed at, with what the route sets: the path, since a parameter may change
 * what a GET shows, and what the client asks besides, since it may as well name another item.
 */
export function lookTargets(masked: Masked): readonly Target[] {
  const { target, route } = masked
  const inject = route.config.inject.filter(({ kind }) => kind === 'set')
  const queries = ['', target.query].map((query) => injectQuery(query, inject, undefined, attributesOf(masked), nothingWithheld))
  return [...new Set(queries)].map((query) => ({ path: target.path, query }))
}

/** Whether the route puts something into bodies, so that there has to be one, read whole. */
export function injectsBody({ route }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'body')
}

/** Whether the route sets parameters that fields of this form could be. */
export function changesForm({ route, headers }: Masked): boolean {
  const isSet = route.config.inject.some(({ kind }) => kind === 'set')
  return isSet && isType(headers.all('content-type'), /x-www-form-urlencoded|multipart\//i)
}

/** The body that the app gets: the very bytes that came where the route puts nothing into it. */
export function outgoingBody(masked: Masked, body: Buffer): Buffer {
  const { inject } = masked.route.config
  if (changesForm(masked)) return ownForm(masked, body)
  if (!injectsBody(masked)) return body
  requireJsonBody(masked.headers, (essence) => essence === 'application/json')
  return Buffer.from(writeJsonExact(injectBody(parseJsonBody(body), inject, maskOf(masked), pathsWithheld(masked))))
}

function attributesOf({ access }: Masked): ReadonlyMap<string, unknown> {
  return access.kind === 'member' ? userAttributes(access.principal.policy) : nobody
}

/** What the client's own query may not mention. */
function pathsWithheld(masked: Masked): WithheldPaths {
  const fields = withheldFields(masked)
  return fields.length === 0 ? nothingWithheld : new WithheldPaths(fields, masked.route.rows?.dataset.fields.values())
}

function maskOf({ rows }: Masked): ComposedMask | undefined {
  return rows.kind === 'masked' ? rows.mask : undefined
}

/** A form without the fields that could be taken for a set parameter. */
function ownForm({ headers, route }: Masked, body: Buffer): Buffer {
  const { inject } = route.config
  const types = headers.all('content-type')
  if (!isType(types, /multipart\//i)) return dropParameterFields(body, inject)
  const names = inject.flatMap((injection) => (injection.kind === 'set' ? [...injection.parameters.keys()] : []))
  requireNoParts(body, types, names)
  return body
}

function isType(types: readonly string[], pattern: RegExp): boolean {
  return types.some((type) => pattern.test(type))
}
