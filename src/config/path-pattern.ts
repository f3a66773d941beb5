/**
 * A canonical pattern of paths: literal segments, `*` for one segment, `{tenant}` for one that names the caller's tenant,
 * a final `/**` for any rest including none.
 */
export interface PathPattern {
  readonly segments: readonly string[]
  readonly rest: boolean
}

/** RFC 3986 pchar without `;`, and `[ ] |`, as the request-target is read; percent-encodings apart. */
const literal = /^(?:[A-Za-z0-9._~!$&'()+,=:@[\]|*-]|%[0-9A-F]{2})*$/
const needlessEncoding = /%(?:3[0-9]|[46][1-9A-F]|[57][0-9A]|2D|2E|5F|7E)/
const refusedEncoding = /%(?:2F|5C|[01][0-9A-F]|7F)/

/** Says what is wrong with a path (or prefix) that must be spelled as requests are read; undefined where nothing is. */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with /'
  if (path.includes('//')) return 'has an empty segment'
  if (/[?#]/.test(path)) return 'must not hold a query or a fragment'
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return 'has a dot segment'
  if (!literal.test(path.replaceAll('/', '')))
    return 'holds a character that no request path can hold (percent-encodings are in upper case)'
  if (needlessEncoding.test(path)) return 'encodes a character that needs no encoding'
  if (refusedEncoding.test(path)) return 'encodes a slash, a backslash or a control character'
  return undefined
}

/** A segment that has to name the caller's active tenant. */
export const tenantSegment = '{tenant}'

/** Parses a pattern, or says what is wrong with it. */
export function parsePathPattern(written: string): PathPattern | string {
  if (written.split('/').filter((segment) => segment === tenantSegment).length > 1) return 'holds {tenant} twice'
  const text = written
    .split('/')
    .map((segment) => (segment === tenantSegment ? '*' : segment))
    .join('/')
  const fault = pathFault(text)
  if (fault !== undefined) return fault
  const rest = text.endsWith('/**')
  const literalPart = rest ? text.slice(0, -3) : text
  const segments = literalPart.split('/').slice(1)
  if (segments.some((segment) => segment.includes('*') && segment !== '*')) {
    return '* stands for a whole segment, and ** only at the end'
  }
  return { segments, rest }
}

/** Every path that `narrow` matches, `wide` matches too. */
export function covers(wide: PathPattern, narrow: PathPattern): boolean {
  if (!wide.rest && (narrow.rest || wide.segments.length !== narrow.segments.length)) return false
  if (wide.segments.length > narrow.segments.length) return false
  return wide.segments.every(
    (segment, i) => segment === narrow.segments[i] || (segment === '*' && narrow.segments[i] !== ''),
  )
}

/** Some path under the prefix matches the pattern. */
export function reaches(prefix: string, pattern: PathPattern): boolean {
  const wanted = prefix.split('/').slice(1)
  if (wanted.at(-1) === '') wanted.pop()
  if (wanted.length > pattern.segments.length && !pattern.rest) return false
  return wanted.every((segment, i) => {
    const own = pattern.segments[i]
    return own === undefined || own === segment || own === '*'
  })
}
