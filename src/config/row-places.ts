import type { ElementPath, HtmlPlace, XmlPlace } from './config.ts'

/** XML 1.0 section 2.3, without the colon's meaning: a prefix is part of the name. */
const xmlName = /^[\p{L}_:][\p{L}\p{N}\p{M}_:.\u00B7-]*$/u
const attributeName = /^[A-Za-z_:][A-Za-z0-9_:.-]*$/

/** `/orders/order`: undefined where it is none. */
export function parseElementPath(text: string): ElementPath | undefined {
  if (!text.startsWith('/')) return undefined
  const names = text.slice(1).split('/')
  return names.every((name) => xmlName.test(name)) ? names : undefined
}

/** `price/net`, `@id`, `price/@net`: undefined where it is none. */
export function parseXmlPlace(text: string): XmlPlace | undefined {
  const names = text.split('/')
  const last = names.at(-1) ?? ''
  if (!last.startsWith('@')) {
    return names.every((name) => xmlName.test(name)) ? { path: names, attribute: undefined } : undefined
  }
  const path = names.slice(0, -1)
  const attribute = last.slice(1)
  return [...path, attribute].every((name) => xmlName.test(name)) ? { path, attribute } : undefined
}

/** `td.amount`, `@data-id`, `a.owner@href`: undefined where it is none. The selector itself is not looked at. */
export function parseHtmlPlace(text: string): HtmlPlace | undefined {
  const at = text.lastIndexOf('@')
  if (at < 0) return { select: text, attribute: undefined }
  const attribute = text.slice(at + 1).toLowerCase()
  if (!attributeName.test(attribute)) return undefined
  return { select: at === 0 ? undefined : text.slice(0, at), attribute }
}
