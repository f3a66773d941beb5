import { isLoopbackHost, networkFault } from './networks.ts'
import type { Path } from './problems.ts'
import type { Report } from './report.ts'
import type { Source } from './schema.ts'
import { parseDuration } from './units.ts'

/** Checks what the schema cannot say about everything outside `datasets` and `apps`. */
export function checkServer(source: Source, report: Report): void {
  const check = (path: Path, inspect: () => void): void => {
    if (report.clean(path)) inspect()
  }
  check(['publicUrl'], () => checkPublicUrl(source.publicUrl, report))
  check(['listen', 'trustedProxies'], () =>
    checkNetworks(source.listen.trustedProxies, ['listen', 'trustedProxies'], report),
  )
  check(['bans', 'neverBan'], () => checkNetworks(source.bans.neverBan, ['bans', 'neverBan'], report))
  check(['store'], () => checkStoreUrl(source.store.url, report))
  check(['state'], () => checkStateUrl(source.state.url, report))
  check(['sessions'], () => {
    if (later(source.sessions.idle, source.sessions.absolute)) {
      report.add(['sessions', 'idle'], 'must not be longer than sessions.absolute')
    }
  })
  check(['tokens'], () => {
    if (later(source.tokens.access, source.tokens.refresh)) {
      report.add(['tokens', 'access'], 'must not be longer than tokens.refresh')
    }
  })
}

function later(a: string, b: string): boolean {
  return (parseDuration(a) ?? 0) > (parseDuration(b) ?? 0)
}

/** `URL`, or undefined; nothing else than the path is ever shown of it. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

/** Says why a URL is not a bare origin; undefined where it is. */
export function originFault(text: string): string | undefined {
  const url = parseUrl(text)
  if (url === undefined || !/^https?:\/\//i.test(text)) return 'must be an http or https URL'
  if (url.username !== '' || url.password !== '' || text.includes('@')) return 'must not hold a user name or password'
  if (url.pathname !== '/' || /[?#\\\s]/.test(text)) return 'must be a bare origin: no path, query or fragment'
  if (url.hostname.endsWith('.')) return 'must not end its host with a dot'
  return undefined
}

function checkPublicUrl(text: string, report: Report): void {
  const fault = originFault(text)
  if (fault !== undefined) return report.add(['publicUrl'], fault)
  const { protocol, hostname } = new URL(text)
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    report.add(['publicUrl'], 'must be https; http is for a loopback host only')
  }
}

function checkNetworks(networks: readonly string[], path: Path, report: Report): void {
  for (const [i, network] of networks.entries()) {
    const fault = networkFault(network)
    if (fault !== undefined) report.add([...path, i], fault)
  }
}

function checkStoreUrl(text: string, report: Report): void {
  if (/^sqlite:.+$/s.test(text)) return
  if (/^postgres(?:ql)?:\/\//.test(text) && parseUrl(text) !== undefined) return
  report.add(['store', 'url'], 'must be sqlite:FILE or postgres://...')
}

function checkStateUrl(text: string, report: Report): void {
  if (text === 'memory:') return
  if (/^rediss?:\/\//.test(text) && parseUrl(text) !== undefined) return
  report.add(['state', 'url'], 'must be memory:, redis://... or rediss://...')
}
