const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

interface OriginFacts {
  readonly method: string
  readonly upgrade: boolean
  /** The only value of a header. */
  readonly single: (name: string) => string | undefined
}

/**
 * Whether a request that a cookie vouches for was made by a page of its own origin (CWE-352): always for safe methods;
 * otherwise by `Sec-Fetch-Site`, or by `Origin` where a browser does not send that. Neither = no.
 */
export function isOwnOrigin(facts: OriginFacts, publicScheme: 'http' | 'https'): boolean {
  if (safeMethods.has(facts.method) && !facts.upgrade) return true
  const site = facts.single('sec-fetch-site')
  const origin = facts.single('origin')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  if (origin === undefined) return site !== undefined && !facts.upgrade
  return origin.toLowerCase() === `${publicScheme}://${facts.single('host')?.toLowerCase() ?? ''}`
}
