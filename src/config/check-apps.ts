import { originFault } from './check-server.ts'
import { headerFault } from './header-names.ts'
import { pathFault } from './path-pattern.ts'
import type { Path } from './problems.ts'
import type { Report } from './report.ts'
import type { Source } from './schema.ts'

type AppSource = Source['apps'][number]

/** Our own pages: no app may answer there. */
export const ownPrefix = '/.sallyport'

const hostName = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])$/

/** Checks every app but for its routes, and the apps against each other. */
export function checkApps(apps: readonly AppSource[], publicHost: string | undefined, report: Report): void {
  const ids = new Map<string, number>()
  const mounts = new Map<string, number>()
  for (const [i, app] of apps.entries()) {
    const path = ['apps', i]
    if (report.clean([...path, 'id'])) checkId(app.id, i, ids, report)
    if (report.clean([...path, 'match'])) checkMatch(app, i, publicHost, mounts, report)
    if (report.clean([...path, 'upstreams'])) checkUpstreams(app.upstreams, [...path, 'upstreams'], report)
    if (report.clean([...path, 'identity'])) checkIdentity(app.identity, [...path, 'identity'], report)
  }
}

function checkId(id: string, i: number, ids: Map<string, number>, report: Report): void {
  const earlier = ids.get(id)
  if (earlier === undefined) ids.set(id, i)
  else report.add(['apps', i, 'id'], `apps[${earlier}] has this id already`)
}

function checkMatch(
  app: AppSource,
  i: number,
  publicHost: string | undefined,
  mounts: Map<string, number>,
  report: Report,
): void {
  const path = ['apps', i, 'match']
  checkPrefix(app.match.path, [...path, 'path'], report)
  for (const [k, host] of app.match.hosts.entries()) {
    const fault = hostFault(host)
    if (fault !== undefined) report.add([...path, 'hosts', k], fault)
  }
  if (!report.clean(path)) return
  const prefix = app.match.path.replace(/\/$/, '')
  const hosts = app.match.hosts.length > 0 ? app.match.hosts : [publicHost ?? '']
  for (const host of hosts) {
    const mount = `${host} ${prefix}`
    const earlier = mounts.get(mount)
    if (earlier === undefined) mounts.set(mount, i)
    else
      report.add(
        path,
        earlier === i ? 'names the same host twice' : `apps[${earlier}] has the same host and path`,
        'key',
      )
  }
}

function checkPrefix(prefix: string, path: Path, report: Report): void {
  const fault = pathFault(prefix)
  if (fault !== undefined) return report.add(path, fault)
  if (prefix.includes('*')) return report.add(path, 'must not hold *: it is a prefix already')
  if (isOwn(prefix)) report.add(path, `must not be under ${ownPrefix}: those pages are the edge's own`)
}

/** At or under the prefix of our own pages. */
export function isOwn(path: string): boolean {
  return path === ownPrefix || path.startsWith(`${ownPrefix}/`)
}

function hostFault(host: string): string | undefined {
  if (host !== host.toLowerCase()) return 'must be in lower case'
  if (/^[^[]*:|\]:/.test(host)) return 'must not hold a port or a scheme'
  if (host.endsWith('.')) return 'must not end with a dot'
  if (!hostName.test(host) || host.includes('..')) return 'must be a host name such as orders.example.com'
  if (!host.startsWith('[')) return undefined
  const url = `http://${host}`
  return URL.canParse(url) && new URL(url).hostname === host
    ? undefined
    : 'must be an IPv6 address in its shortest spelling'
}

function checkUpstreams(upstreams: readonly string[], path: Path, report: Report): void {
  const seen = new Set<string>()
  for (const [i, upstream] of upstreams.entries()) {
    const fault = originFault(upstream)
    const origin = fault === undefined ? new URL(upstream).origin : undefined
    if (fault !== undefined) report.add([...path, i], fault)
    else if (origin !== undefined && seen.has(origin)) report.add([...path, i], 'is listed twice')
    if (origin !== undefined) seen.add(origin)
  }
}

function checkIdentity(identity: AppSource['identity'], path: Path, report: Report): void {
  const { profile, headers } = identity
  if (profile !== 'custom') {
    if (headers !== undefined) report.add([...path, 'headers'], 'belongs to the profile custom', 'key')
    return
  }
  if (headers === undefined || Object.keys(headers).length === 0) {
    return report.add([...path, 'profile'], 'the profile custom needs "headers"')
  }
  const seen = new Set<string>()
  for (const [fact, name = ''] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    const fault = headerFault(lower) ?? (seen.has(lower) ? 'names a header twice' : undefined)
    if (fault !== undefined) report.add([...path, 'headers', fact], fault)
    seen.add(lower)
  }
}
