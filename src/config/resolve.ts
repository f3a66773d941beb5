import type { Dataset } from '../mask/language.ts'
import type { Config, StateConfig, StoreConfig } from './config.ts'
import { resolveApp } from './resolve-app.ts'
import { bytes, limit, ms } from './resolve-units.ts'
import type { Source } from './schema.ts'
import { Secret } from './secret.ts'

/** Gives a checked file its final form. */
export function resolve(source: Source, datasets: ReadonlyMap<string, Dataset>): Config {
  const publicUrl = new URL(source.publicUrl)
  const { sessions, tokens, bans, limits, audit } = source
  const failures = bans.signInFailures
  return {
    publicUrl: publicUrl.origin,
    publicHost: publicUrl.hostname,
    listen: resolveListen(source.listen),
    admin: source.admin,
    store: resolveStore(source.store.url),
    state: resolveState(source.state.url),
    keys: source.keys,
    sessions: { idleMs: ms(sessions.idle), absoluteMs: ms(sessions.absolute) },
    tokens: { accessMs: ms(tokens.access), refreshMs: ms(tokens.refresh) },
    bans: {
      neverBan: bans.neverBan,
      signInFailures: { max: failures.max, windowMs: ms(failures.window), banMs: ms(failures.ban) },
    },
    limits: {
      address: limit(limits.address),
      account: limit(limits.account),
      tenant: limit(limits.tenant),
      signIn: limit(limits.signIn),
    },
    audit: {
      sink: audit.file === 'stdout' ? { kind: 'stdout' } : { kind: 'file', file: audit.file },
      includeEmail: audit.includeEmail,
    },
    log: source.log,
    attributes: source.attributes === undefined ? undefined : new Map(Object.entries(source.attributes)),
    datasets,
    apps: source.apps.map((app) =>
      resolveApp(app, { datasets, publicHost: publicUrl.hostname, maxBodyBytes: bytes(source.listen.maxBody) }),
    ),
  }
}

function resolveListen(listen: Source['listen']): Config['listen'] {
  const { host, port, trustedProxies, maxHeaders, timeouts } = listen
  return {
    host,
    port,
    trustedProxies,
    maxHeaders,
    maxBodyBytes: bytes(listen.maxBody),
    timeouts: { headersMs: ms(timeouts.headers), requestMs: ms(timeouts.request), keepAliveMs: ms(timeouts.keepAlive) },
  }
}

function resolveStore(url: string): StoreConfig {
  if (url.startsWith('sqlite:')) return { kind: 'sqlite', file: url.slice('sqlite:'.length) }
  return { kind: 'postgres', url: new Secret(url) }
}

function resolveState(url: string): StateConfig {
  return url === 'memory:' ? { kind: 'memory' } : { kind: 'redis', url: new Secret(url) }
}
