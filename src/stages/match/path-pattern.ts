/** A compiled route path: literal segments, `*` or `{tenant}` for one, a final `**` for any rest including none. */
export interface PathPattern {
  readonly source: string
  /** What stands in a path where the pattern has `{tenant}`; undefined where it has none. */
  tenantIn(path: string): string | undefined
  matches(path: string): boolean
}

/** `source` is canonical (the configuration has seen to that); so is every path it is held against. */
export function compilePattern(source: string): PathPattern {
  const at = source.split('/').indexOf('{tenant}')
  const tenantIn = at < 0 ? () => undefined : (path: string) => path.split('/')[at]
  return { source, tenantIn, matches: compileMatch(source.replace('{tenant}', '*')) }
}

function compileMatch(source: string): PathPattern['matches'] {
  if (!source.includes('*')) return (path) => path === source
  const open = source.endsWith('/**')
  const base = open ? source.slice(0, -3) : source
  if (open && !base.includes('*')) {
    const prefix = `${base}/`
    return (path) => path === base || path.startsWith(prefix)
  }
  const segments = base.split('/')
  return (path) => matchSegments(path.split('/'), segments, open)
}

function matchSegments(actual: readonly string[], wanted: readonly string[], open: boolean): boolean {
  if (open ? actual.length < wanted.length : actual.length !== wanted.length) return false
  return wanted.every((segment, i) => (segment === '*' ? actual[i] !== '' : segment === actual[i]))
}
