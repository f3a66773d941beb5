import type { AuditEvent } from './audit-event.ts'

const maxChars = 1024
const maxKeys = 32
const maxItems = 64
const maxDetailChars = 8192

/** Names under which nothing may be logged, whatever the value. */
const forbiddenNames = new Set(
  'password passwd secret cookie authorization token assertion query body row rows_content email'.split(' '),
)

type Detail = NonNullable<AuditEvent['detail']>

/** The members of an audit line in their order, bounded, without e-mail addresses (unless asked for) and without tokens. */
export function redactEvent(event: AuditEvent, includeEmail: boolean): Record<string, unknown> {
  const clean = (text: string | undefined) => (text === undefined ? undefined : redactText(text, includeEmail))
  return {
    event: event.event,
    outcome: event.outcome,
    request: clean(event.request),
    account: clean(event.account),
    tenant: clean(event.tenant),
    address: clean(event.address),
    app: clean(event.app),
    route: clean(event.route),
    reason: clean(event.reason),
    detail: event.detail === undefined ? undefined : redactDetail(event.detail, includeEmail),
  }
}

function redactDetail(detail: Detail, includeEmail: boolean): Record<string, unknown> {
  const kept = new Map<string, unknown>()
  for (const [name, value] of Object.entries(detail).slice(0, maxKeys)) {
    if (isForbiddenName(name, includeEmail)) continue
    kept.set(redactText(name, includeEmail), redactValue(value, includeEmail))
  }
  const redacted = Object.fromEntries(kept)
  return JSON.stringify(redacted).length > maxDetailChars ? { omitted: 'too large' } : redacted
}

function isForbiddenName(name: string, includeEmail: boolean): boolean {
  const lower = name.toLowerCase()
  if (lower === 'email') return !includeEmail
  return forbiddenNames.has(lower)
}

function redactValue(value: Detail[string], includeEmail: boolean): unknown {
  if (typeof value === 'string') return redactText(value, includeEmail)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (isList(value)) return value.slice(0, maxItems).map((item) => redactText(item, includeEmail))
  const counts = Object.entries(value).slice(0, maxItems)
  return Object.fromEntries(counts.map(([name, count]) => [redactText(name, includeEmail), count]))
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value)
}

/** Control characters need no care here: JSON escapes them. */
function redactText(text: string, includeEmail: boolean): string {
  const bounded = text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text
  const withoutTokens = bounded.includes('eyJ') ? redactWords(bounded, isToken, '[token]') : bounded
  if (includeEmail) return withoutTokens
  return hasAt(withoutTokens) ? redactWords(withoutTokens, hasAt, '[email]') : withoutTokens
}

/** Word by word, so that the time is linear in the text whatever it holds. */
function redactWords(text: string, is: (word: string) => boolean, instead: string): string {
  return text.replaceAll(/[^\s"'<>(),;=]+/g, (word) => (is(word) ? instead : word))
}

function hasAt(text: string): boolean {
  return text.includes('@') || text.includes('%40')
}

/** A JWS in compact form (RFC 7515 section 7.1) begins with the base64url of `{"`. */
function isToken(word: string): boolean {
  return /eyJ[\w-]{4,}\./.test(word)
}
