const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

interface OriginFacts {
  readonly arrival: { readonly method: string; readonly upgrade: boolean }
  readonly headers: {
    /** The only value of a header. */
    single(name: string): string | undefined
  }
}

/**
 * Whether a request that a cookie vouches for was made by a page of its own origin (CWE-352): always for safe methods;
 * otherwise by `Sec-Fetch-Site`, or by `Origin` where a browser does not send that. Neither = no. A page whose referrer
 * policy is `no-referrer` posts to its own origin with `Origin: null` (Fetch, "append a request Origin header").
 */
export function isOwnOrigin({ arrival, headers }: OriginFacts, publicScheme: 'http' | 'https'): boolean {
  const { method, upgrade } = arrival
  if (safeMethods.has(method) && !upgrade) return true
  const site = headers.single('sec-fetch-site')
  const origin = headers.single('origin')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  if (origin === undefined) return site !== undefined && !upgrade
  if (origin === 'null') return site === 'same-origin' && !upgrade
  return origin.toLowerCase() === `${publicScheme}://${headers.single('host')?.toLowerCase() ?? ''}`
}
