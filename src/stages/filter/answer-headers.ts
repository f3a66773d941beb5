/** Header names and values alternating, as on the wire. */
export type RawHeaders = readonly string[]

/** What a filtered answer keeps of the upstream's headers: an allow-list, since any other may describe unseen rows. */
const allowed: ReadonlySet<string> = new Set([
  'content-type',
  'content-language',
  'content-disposition',
  'retry-after',
  'vary',
  'allow',
])

/** What our own problem in place of the upstream's keeps. */
const allowedOnProblem: ReadonlySet<string> = new Set(['retry-after', 'vary', 'allow'])

/** RFC 9110 section 7.6.1, and what tells a client to go round the edge. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'alt-svc',
])

/** About the upstream's bytes, not ours: no route may keep them on a filtered answer. */
const neverKept: ReadonlySet<string> = new Set([
  ...hopByHop,
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'accept-ranges',
  'etag',
  'last-modified',
  'age',
  'cache-control',
  'expires',
  'pragma',
  'x-content-type-options',
])

const guards: RawHeaders = ['cache-control', 'private, no-store', 'x-content-type-options', 'nosniff']

/** Every value of `name`, in the order sent. */
export function headerValues(raw: RawHeaders, name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const key = raw[at] ?? ''
    if (key.length === name.length && key.toLowerCase() === name) values.push(raw[at + 1] ?? '')
  }
  return values
}

/** For a body that was filtered. */
export function filteredHeaders(raw: RawHeaders, keep: readonly string[], ownCookies: readonly string[]): RawHeaders {
  const kept = new Set(keep.map((name) => name.toLowerCase()).filter((name) => !neverKept.has(name)))
  const listed = connectionListed(raw)
  const holds = (name: string): boolean =>
    (allowed.has(name) || name.startsWith('access-control-') || kept.has(name)) && !listed.has(name)
  return [...select(raw, holds, ownCookies), ...guards]
}

/** For a body that goes on unchanged although the route has a dataset. */
export function harmlessHeaders(raw: RawHeaders, ownCookies: readonly string[]): RawHeaders {
  const mine = new Set(['cache-control', 'expires', 'pragma', 'x-content-type-options', 'etag', 'last-modified', 'age'])
  const rest = passedHeaders(raw, ownCookies)
  return [...select(rest, (name) => !mine.has(name), ownCookies), ...guards]
}

/** For a route without a dataset. */
export function passedHeaders(raw: RawHeaders, ownCookies: readonly string[]): RawHeaders {
  const listed = connectionListed(raw)
  return select(raw, (name) => !hopByHop.has(name) && !listed.has(name), ownCookies)
}

/** For our own problem document under the upstream's status. */
export function problemHeaders(raw: RawHeaders): RawHeaders {
  return select(raw, (name) => allowedOnProblem.has(name) || name.startsWith('access-control-'), [])
}

function select(raw: RawHeaders, holds: (name: string) => boolean, ownCookies: readonly string[]): readonly string[] {
  const out: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const key = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    const name = key.toLowerCase()
    if (!holds(name)) continue
    if ((name === 'set-cookie' || name === 'set-cookie2') && setsOwnCookie(value, ownCookies)) continue
    out.push(key, value)
  }
  return out
}

/** A nameless cookie (`=name=value`) comes back from a browser as `name=value` (RFC 6265bis section 5.7). */
function setsOwnCookie(value: string, ownCookies: readonly string[]): boolean {
  const pair = (value.split(';', 1)[0] ?? '').replace(/^[\s=]+/, '')
  const name = (pair.split('=', 1)[0] ?? '').trim().toLowerCase()
  return ownCookies.some((own) => own.toLowerCase() === name)
}

const nothing: ReadonlySet<string> = new Set()
const usualOptions: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ['keep-alive', 'close'].map((option) => [option, new Set([option])]),
)

function connectionListed(raw: RawHeaders): ReadonlySet<string> {
  const values = headerValues(raw, 'connection')
  const [first] = values
  if (first === undefined) return nothing
  const usual = values.length === 1 ? usualOptions.get(first) : undefined
  if (usual !== undefined) return usual
  return new Set(values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase()))
}
