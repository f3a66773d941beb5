/** RFC 4648 section 5, strictly canonical: no padding, no other alphabet, no non-zero trailing bits; else undefined. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (text.length % 4 === 1 || !/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
