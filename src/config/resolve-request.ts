import type { InjectedValue, Injection, SanitiseConfig } from './config.ts'
import { rowPointer } from './resolve-rows.ts'
import type { Source } from './schema.ts'

type RouteSource = Source['apps'][number]['routes'][number]
type InjectionSource = NonNullable<RouteSource['inject']>[number]

export function resolveSanitise(source: NonNullable<RouteSource['sanitise']>): SanitiseConfig {
  if (typeof source === 'string') return { profile: source, reportOnly: false }
  return { profile: source.profile, reportOnly: source.report }
}

/** Gives a checked injection its final form. */
export function resolveInjection({ kind, oversize, set, mask, at }: InjectionSource): Injection {
  if (kind === 'header') return { kind, oversize: oversize ?? 'block' }
  if (set !== undefined) return { kind: 'set', parameters: new Map(Object.entries(set).map(parameter)) }
  if (mask === undefined) throw new TypeError('an injection without a mask got past the checks')
  if (mask === 'odata' || mask === 'postgrest') return { kind: 'query', mask }
  return { kind: 'body', mask, at: rowPointer(at ?? '/') }
}

function parameter([name, value]: [string, NonNullable<InjectionSource['set']>[string]]): [string, InjectedValue] {
  if (typeof value === 'string') return [name, { kind: 'text', text: value }]
  return [name, { kind: 'user', attribute: value.$user }]
}
