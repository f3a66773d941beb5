import { kindsOf, type ReaderKind } from '../lib/row-media.ts'

/** RFC 9110 section 5.6.2 `token`. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** What the connection, the body or the edge itself means by these: no identity travels under such a name. */
const reserved = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

/** They describe the answer as it was before rows were taken out, or set cookies past the edge (docs/filter.md). */
const unfiltered = new Set([
  'accept-ranges',
  'age',
  'connection',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'digest',
  'etag',
  'keep-alive',
  'last-modified',
  'repr-digest',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Says why no identity can travel in the header `name` (lower case); undefined where it can. */
export function headerFault(name: string): string | undefined {
  if (!token.test(name)) return 'must be a header name'
  if (reserved.has(name) || name.startsWith('x-forwarded-') || name.startsWith('sec-'))
    return 'must not be a header with a meaning of its own'
  return undefined
}

/** Says why the header `name` (lower case) of a filtered answer cannot be kept; undefined where it can. */
export function keptHeaderFault(name: string): string | undefined {
  if (!token.test(name)) return 'must be a header name'
  return unfiltered.has(name) ? 'describes the answer before it was filtered' : undefined
}

/** Says why answers of a media type cannot pass unfiltered on a route that reads `kinds`; undefined where they can. */
export function passFault(type: string, kinds: ReadonlySet<ReaderKind>): string | undefined {
  const essence = type.toLowerCase()
  const groups = /^[a-z0-9!#$&^_.+-]+\/(?<subtype>[a-z0-9!#$&^_.+-]+)$/.exec(essence)?.groups
  if (groups === undefined) return 'must be a media type such as image/png'
  if (groups['subtype']?.includes('json') === true) return 'is a kind that carries rows: it cannot pass unfiltered'
  return kindsOf(essence).some((kind) => kinds.has(kind))
    ? 'is a kind that the route reads rows from: it cannot pass unfiltered'
    : undefined
}
