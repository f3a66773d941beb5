/** A compiled route path: literal segments, `*` for one segment, a final `**` for any rest including none. */
export interface PathPattern {
  readonly source: string
  matches(path: string): boolean
}

/** `source` is canonical (the configuration has seen to that); so is every path it is held against. */
export function compilePattern(source: string): PathPattern {
  if (!source.includes('*')) return { source, matches: (path) => path === source }
  const open = source.endsWith('/**')
  const base = open ? source.slice(0, -3) : source
  if (open && !base.includes('*')) {
    const prefix = `${base}/`
    return { source, matches: (path) => path === base || path.startsWith(prefix) }
  }
  const segments = base.split('/')
  return { source, matches: (path) => matchSegments(path.split('/'), segments, open) }
}

function matchSegments(actual: readonly string[], wanted: readonly string[], open: boolean): boolean {
  if (open ? actual.length < wanted.length : actual.length !== wanted.length) return false
  return wanted.every((segment, i) => (segment === '*' ? actual[i] !== '' : segment === actual[i]))
}
