export interface MediaType {
  /** Lower case, without parameters. */
  readonly essence: string
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>
}

/** RFC 9110 section 8.3.1, without escapes in quoted values. */
const pattern =
  /^(?<essence>[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?<parameters>(?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[^"\\]*"))*)[ \t]*$/
const parameter = /;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"([^"\\]*)")/g

/** Undefined where readers may disagree: other forms, or a parameter twice. */
export function parseMediaType(text: string): MediaType | undefined {
  const groups = pattern.exec(text)?.groups
  if (groups === undefined) return undefined
  const parameters = new Map<string, string>()
  for (const [, name = '', token, quoted = ''] of (groups['parameters'] ?? '').matchAll(parameter)) {
    if (parameters.has(name.toLowerCase())) return undefined
    parameters.set(name.toLowerCase(), token ?? quoted)
  }
  return { essence: (groups['essence'] ?? '').toLowerCase(), parameters }
}

/** Whether it says UTF-8, or nothing. */
export function isUtf8({ parameters }: MediaType): boolean {
  return (parameters.get('charset') ?? 'utf-8').toLowerCase() === 'utf-8'
}

/** How a body is looked into; `other` = not at all. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'xml' | 'text' | 'other'

const kinds: ReadonlyMap<string, BodyKind> = new Map<string, BodyKind>([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
  ['multipart/form-data', 'multipart'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/plain', 'text'],
])

export function kindOf(essence: string): BodyKind {
  const kind = kinds.get(essence)
  if (kind !== undefined) return kind
  if (essence.endsWith('+json')) return 'json'
  return essence.endsWith('+xml') ? 'xml' : 'other'
}
