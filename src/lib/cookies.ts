/** One `name=value` of a Cookie field (RFC 6265 section 4.2.1), as sent. */
export interface CookiePair {
  readonly name: string
  readonly value: string
}

/** Every pair of every Cookie field, in order; what is no pair is left out. */
export function readCookies(fields: readonly string[]): readonly CookiePair[] {
  const pairs: CookiePair[] = []
  for (const field of fields) {
    for (const part of field.split(';')) {
      const equals = part.indexOf('=')
      const name = part.slice(0, Math.max(0, equals)).trim()
      if (name !== '') pairs.push({ name, value: part.slice(equals + 1).trim() })
    }
  }
  return pairs
}

/** Whether a cookie name belongs to Sallyport, in any case: such cookies never cross to or from an upstream. */
export function isOwnCookie(name: string): boolean {
  const folded = name.trim().toLowerCase()
  const bare = folded.startsWith('__host-')
    ? folded.slice(7)
    : folded.startsWith('__secure-')
      ? folded.slice(9)
      : folded
  return bare === 'sallyport' || bare.startsWith('sallyport-')
}

/** The Cookie field an upstream may see; undefined when nothing is left. */
export function foreignCookies(fields: readonly string[]): string | undefined {
  const kept: string[] = []
  for (const field of fields) {
    for (const part of field.split(';')) {
      // A cookie without a name is read as what stands behind its equals sign (RFC 6265bis section 5.7).
      const [name = ''] = part.replace(/^[\s=]+/, '').split('=', 1)
      if (part.trim() !== '' && !isOwnCookie(name)) kept.push(part.trim())
    }
  }
  return kept.length === 0 ? undefined : kept.join('; ')
}
