import { checkPointers } from './check-rows.ts'
import type { Path } from './problems.ts'
import type { Report } from './report.ts'
import type { Source } from './schema.ts'

type RouteSource = Source['apps'][number]['routes'][number]
type InjectionSource = NonNullable<RouteSource['inject']>[number]

/** Keys that belong to each kind, besides `kind`. */
const keysOf: Readonly<Record<InjectionSource['kind'], readonly (keyof InjectionSource)[]>> = {
  header: ['oversize'],
  query: ['set', 'mask'],
  body: ['mask', 'at'],
}

const masksOf: Readonly<Record<InjectionSource['kind'], readonly string[]>> = {
  header: [],
  query: ['odata', 'postgrest'],
  body: ['mongodb', 'mongodb-pipeline', 'elasticsearch'],
}

/** Checks what a route tells its upstream. */
export function checkInject(route: RouteSource, path: Path, report: Report): void {
  if (route.inject === undefined || !report.clean([...path, 'inject'])) return
  for (const [i, injection] of route.inject.entries()) {
    checkInjection(injection, route, [...path, 'inject', i], report)
  }
  checkTwice(route.inject, [...path, 'inject'], report)
}

function checkInjection(injection: InjectionSource, route: RouteSource, path: Path, report: Report): void {
  const { kind, set, mask, at } = injection
  for (const key of ['oversize', 'set', 'mask', 'at'] as const) {
    if (injection[key] !== undefined && !keysOf[kind].includes(key))
      report.add([...path, key], `means nothing with the kind ${kind}`, 'key')
  }
  if (route.access === 'public' && !isLiteral(injection))
    report.add(path, 'nobody is known on a public route: only literal parameters can be set')
  if (!report.clean(path)) return
  if (kind !== 'header' && mask === undefined && set === undefined)
    return report.add(path, kind === 'query' ? 'needs set or mask' : 'needs mask')
  if (set !== undefined && mask !== undefined) return report.add(path, 'has set or mask, not both')
  if (set === undefined && route.dataset === undefined)
    return report.add(path, 'means nothing without a dataset: there is no mask to tell')
  if (mask !== undefined && !masksOf[kind].includes(mask))
    return report.add([...path, 'mask'], `is no language of a ${kind}: ${masksOf[kind].join(', ')} are`)
  if (at !== undefined) checkAt(at, path, report)
  if (kind === 'body' && route.methods.some((method) => method !== 'POST'))
    report.add(path, 'needs POST as the only method of the route: other requests carry no query in their body')
}

function isLiteral({ kind, set }: InjectionSource): boolean {
  return kind === 'query' && set !== undefined && Object.values(set).every((value) => typeof value === 'string')
}

function checkAt(at: string, path: Path, report: Report): void {
  checkPointers([at], path, report, 'at')
  if (at.split('/').includes('*')) report.add([...path, 'at'], 'must not hold *: a query stands in one place')
}

/** Two masks in one place, or two values for one parameter, would not both be said. */
function checkTwice(injections: readonly InjectionSource[], path: Path, report: Report): void {
  const seen = new Set<string>()
  for (const [i, { kind, set }] of injections.entries()) {
    const names = set === undefined ? [kind] : Object.keys(set).map((name) => `set ${name.toLowerCase()}`)
    for (const name of names) {
      if (seen.has(name)) report.add([...path, i], 'says twice what is said once')
      seen.add(name)
    }
  }
}
