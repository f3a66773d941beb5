import type { ErrorCode } from '../../../errors.ts'

/** What was found: a closed list, because it becomes the label of a metric. */
export type FindingRule =
  /** A key or an option that may stand once stands twice. */
  | 'duplicate-key'
  /** `$` in front of a name, in any disguise. */
  | 'operator'
  /** `__proto__`, `constructor` or `prototype`. */
  | 'prototype'
  /** A name by which apps take the request for one of another method. */
  | 'method-override'
  /** A parameter's or member's name that readers take for different names. */
  | 'name'
  /** A query as JSON text in a parameter that is named like a filter. */
  | 'json-in-parameter'
  /** A number that readers take for different numbers. */
  | 'number'
  /** Not UTF-8, or not labelled so. */
  | 'charset'
  | 'content-type'
  | 'content-encoding'
  /** Broken, or in a spelling that readers take for different things. */
  | 'unreadable'
  | 'too-deep'
  | 'too-many'
  | 'doctype'
  | 'processing-instruction'
  /** XML that asks its reader to fetch more. */
  | 'xinclude'
  | 'filename'
  /** A tenant parameter that does not name the active tenant. */
  | 'tenant'
  /** A field that is withheld from the caller is asked about. */
  | 'withheld'

export type FindingPlace = 'query' | 'form' | 'json' | 'multipart' | 'xml' | 'cookie' | 'head'

/** Why a request is refused; nothing that the client sent is in it. */
export interface Finding {
  readonly rule: FindingRule
  readonly where: FindingPlace
  readonly code: ErrorCode
}

export function finding(rule: FindingRule, where: FindingPlace): Finding {
  return { rule, where, code: codeOf(rule, where) }
}

function codeOf(rule: FindingRule, where: FindingPlace): ErrorCode {
  if (rule === 'tenant') return 'ERR_TENANT_FOREIGN'
  if (rule === 'withheld') return 'ERR_ROW_FORBIDDEN'
  if (where === 'head') return 'ERR_BODY_TYPE'
  const isBody = where !== 'query' && where !== 'cookie'
  return isBody && (rule === 'unreadable' || rule === 'charset') ? 'ERR_BODY_UNREADABLE' : 'ERR_REQUEST_UNSAFE'
}
