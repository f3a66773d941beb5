import { domainToASCII, domainToUnicode } from 'node:url'

const maxLength = 254
/** RFC 5322 atext and dots, ASCII only; tested before lower-casing, which would turn the Kelvin sign into a k. */
const localPart = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/
/** domainToASCII parses as URLs do: it would decode percent signs and drop invisible characters. */
const domainText = /^[\p{L}\p{M}\p{N}.-]{1,253}$/u
const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u
const domainName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){0,126}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const numberLast = /(?:^|\.)\d{1,63}$/

/** The one spelling of an e-mail address: lower case, the domain by IDNA; undefined where `text` is none. */
export function normaliseEmail(text: string): string | undefined {
  if (text.length > maxLength || invisible.test(text)) return undefined
  const [local = '', domain = '', ...more] = text.split('@')
  if (more.length > 0 || !localPart.test(local) || !domainText.test(domain)) return undefined
  const ascii = domainToASCII(domain.normalize('NFC'))
  if (ascii.length > 253 || !domainName.test(ascii) || numberLast.test(ascii) || !isIdna(ascii)) return undefined
  const email = `${local.toLowerCase()}@${ascii}`
  return email.length <= maxLength ? email : undefined
}

/** Node keeps a label beginning with xn-- that stands for nothing, or for signs it would not have let in. */
function isIdna(ascii: string): boolean {
  const unicode = domainToUnicode(ascii)
  return domainText.test(unicode) && !/(?:^|\.)xn--/.test(unicode) && domainToASCII(unicode) === ascii
}
