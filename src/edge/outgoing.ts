import type { Masked, Target } from '../exchange.ts'
import type { ComposedMask } from '../mask/compose.ts'
import { JsonNumber } from '../mask/language.ts'
import { userAttributes } from '../mask/user-attributes.ts'
import { writeJsonExact } from '../mask/write-json-exact.ts'
import { checksBody } from '../stages/forward/check-body.ts'
import { injectBody } from '../stages/forward/inject/inject-body.ts'
import { injectQuery } from '../stages/forward/inject/inject-query.ts'
import { mayHoldParameters, withoutParameters } from '../stages/forward/inject/set-body.ts'
import { parametersToSet } from '../stages/forward/inject/set-parameters.ts'
import { nothingWithheld, WithheldPaths } from '../stages/forward/inject/withheld-paths.ts'
import { withheldFields } from '../stages/forward/inspect/withheld-fields.ts'
import { parseJsonBody, requireJsonBody } from '../stages/forward/json-body.ts'

const nobody: ReadonlyMap<string, unknown> = new Map()

/** What is asked of the app: the path that was matched, and the query with what the route puts into it. */
export function outgoingTarget(masked: Masked): Target {
  const { target, route } = masked
  const { inject } = route.config
  if (inject.every(({ kind }) => kind === 'header')) return target
  return {
    path: target.path,
    query: injectQuery(target.query, inject, maskOf(masked), attributesOf(masked), pathsWithheld(masked)),
  }
}

/**
 * What is asked for the item that a write is aimed at, with what the route sets: the path, since a parameter may change
 * what a GET shows, and what the client asks besides, since it may as well name another item. What would not be sent
 * refuses before anything is looked at: whether an item is found is an answer too.
 */
export function lookTargets(masked: Masked): readonly Target[] {
  const { target, route } = masked
  outgoingTarget(masked)
  const inject = route.config.inject.filter(({ kind }) => kind === 'set')
  const queries = ['', target.query].map((query) =>
    injectQuery(query, inject, undefined, attributesOf(masked), nothingWithheld),
  )
  return [...new Set(queries)].map((query) => ({ path: target.path, query }))
}

/** Whether the route puts something into bodies, so that there has to be one, read whole. */
export function injectsBody({ route }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'body')
}

/** Whether the route sets parameters that a server could find in this body too. */
export function mayHoldSet({ route, headers }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'set') && mayHoldParameters(headers)
}

/** The body that the app gets: the very bytes that came where the route puts nothing into it. */
export function outgoingBody(masked: Masked, body: Buffer): Buffer {
  const { inject } = masked.route.config
  const own = mayHoldSet(masked) ? withoutParameters(masked.headers, body, inject, rowMembers(masked)) : body
  if (!injectsBody(masked)) return own
  requireJsonBody(masked.headers, (essence) => essence === 'application/json')
  return Buffer.from(writeJsonExact(injectBody(parseJsonBody(own), inject, maskOf(masked), pathsWithheld(masked))))
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

/** A written row has its members, and is held to the mask; one that says what is set changes nothing of it. */
function rowMembers(masked: Masked): (name: string, value: unknown) => boolean {
  if (!checksBody(masked)) return () => false
  const values = new Map(parametersToSet(masked.route.config.inject, attributesOf(masked)))
  return (name, value) => values.has(name) && values.get(name) === (value instanceof JsonNumber ? value.text : value)
}
