import { ProxyError } from '../../errors.ts'
import type { Principal } from '../../exchange.ts'
import type { IdentityHeader, ValueForm } from './identity-profiles.ts'

export interface MaskFacts {
  /** Canonical ASCII JSON. */
  readonly json: string
  /** `sha-256=:...:` (RFC 9530). */
  readonly digest: string
}

/** Accounts, tenants, roles and groups: nothing that a list, or a reader of one, could take for something else. */
const id = /^[A-Za-z0-9._:-]{1,64}$/
/** Lower case, the domain in ASCII; it came in through `normaliseEmail`. */
const address = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]{1,253}$/
/** What a header carries unchanged: printable ASCII that neither begins nor ends with a blank. */
const carried = /^[!-~](?:[ -~]*[!-~])?$/

/** The value of a header about the caller; undefined where there is nothing to say. Throws what cannot be said. */
export function factValue(
  header: IdentityHeader,
  principal: Principal,
  mask: MaskFacts | undefined,
): string | undefined {
  const value = formed(header, principal, mask) ?? header.otherwise
  if (value !== undefined && !carried.test(value)) throw unsayable(header)
  return value
}

function formed(header: IdentityHeader, principal: Principal, mask: MaskFacts | undefined): string | undefined {
  const { account, tenant, membership, groups } = principal.policy
  switch (header.fact) {
    case 'account':
      return write(held(account.id, id, header), header.form)
    case 'email':
      return write(held(account.email, address, header), header.form)
    case 'name':
      return account.name === '' ? undefined : write(account.name.toWellFormed(), header.form)
    case 'tenant':
      return write(held(tenant.id, id, header), header.form)
    case 'role':
      return ids(membership.roles, header)[0]
    case 'roles':
      return joined(ids(membership.roles, header), header)
    case 'groups':
      return joined(ids(groups, header), header)
    case 'row-mask':
      return mask?.json
    case 'row-mask-digest':
      return mask?.digest
  }
}

function held(value: string, form: RegExp, header: IdentityHeader): string {
  if (!form.test(value)) throw unsayable(header)
  return value
}

/** The store holds what the product never writes there. */
function unsayable({ fact, name }: IdentityHeader): ProxyError {
  return new ProxyError('ERR_INTERNAL', `the ${fact} of the caller cannot be sent in ${name}`)
}

function ids(values: readonly string[], header: IdentityHeader): readonly string[] {
  return values
    .filter((value) => value !== header.unsaid)
    .map((value) => held(value, id, header))
    .toSorted()
}

function joined(values: readonly string[], { form }: IdentityHeader): string | undefined {
  if (values.length === 0) return undefined
  return form === 'array' ? `{${values.join(',')}}` : values.join(',')
}

function write(value: string, form: ValueForm): string {
  switch (form) {
    case 'plain':
    case 'array':
      return value
    case 'percent':
      return encodeURIComponent(value)
    case 'legible':
      return value.replaceAll(/[^ -$&-~]+|^ | $/gu, encodeURIComponent)
    case 'quoted-printable':
      return value.replaceAll(/[^ -<>-~]+|^ | $/gu, quotedPrintable)
    case 'google':
      return `accounts.google.com:${value}`
  }
}

function quotedPrintable(text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase().replaceAll(/../g, '=$&')
}
