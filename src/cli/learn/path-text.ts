/** As requests are spelled: what needs no encoding stays. */
export function encodeSegment(segment: string): string {
  return segment.replaceAll(/[^A-Za-z0-9._~!$&'()+,=:@[\]|%-]/gu, (character) =>
    encodeURIComponent(character.toWellFormed()),
  )
}

/** Numbers, UUIDs, and long words with digits in them: they name one thing each. */
const idLike = /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,})$/i

/** The path of a recorded answer as a pattern: what names one thing becomes `*`. */
export function learnedPattern(path: string): string {
  return path
    .split('/')
    .map((segment) => (idLike.test(segment) ? '*' : encodeSegment(segment.replaceAll('*', '%2A'))))
    .join('/')
}
