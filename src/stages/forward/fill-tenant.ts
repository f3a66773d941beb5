import type { RowPointer } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { withMember } from '../../lib/members.ts'
import { isPlainObject } from '../../mask/describe.ts'

/**
 * The document with the caller's tenant in every row that names none; the same document where every row names one.
 * A row whose tenant is null or of another type is left as it is: the mask refuses it.
 */
export function fillTenant(document: unknown, pointers: readonly RowPointer[], masked: Masked): unknown {
  const { access, route } = masked
  const dataset = route.rows?.dataset
  const place = dataset?.fields.get(dataset.tenantField)?.path
  if (access.kind === 'public' || place === undefined) throw new TypeError('no tenant to fill in')
  const tenant = access.principal.policy.tenant.id
  let filled = document
  for (const pointer of pointers) filled = changeAt(filled, pointer, (row) => setAbsent(row, place, tenant))
  return filled
}

/** Gives back the very value where nothing changes. */
function changeAt(value: unknown, pointer: RowPointer, change: (row: unknown) => unknown): unknown {
  const [token, ...rest] = pointer
  if (token === undefined) return change(value)
  if (token === '*') {
    if (!Array.isArray(value)) throw new ProxyError('ERR_BODY_UNREADABLE', 'a list was declared, something else came')
    const changed: readonly unknown[] = value.map((item) => changeAt(item, rest, change))
    return changed.every((item, at) => item === value[at]) ? value : changed
  }
  if (!isPlainObject(value) || !Object.hasOwn(value, token))
    throw new ProxyError('ERR_BODY_UNREADABLE', 'a declared member is missing')
  return withMember(value, token, changeAt(value[token], rest, change))
}

function setAbsent(value: unknown, path: readonly string[], tenant: string): unknown {
  const [token, ...rest] = path
  if (token === undefined) return value === undefined ? tenant : value
  // Absent, all the way down: made; anything else than an object: for the mask to refuse.
  if (value === undefined) return withMember({}, token, setAbsent(undefined, rest, tenant))
  if (!isPlainObject(value)) return value
  const member = Object.hasOwn(value, token) ? value[token] : undefined
  return withMember(value, token, setAbsent(member, rest, tenant))
}
