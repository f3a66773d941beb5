import { normaliseEmail } from '../../accounts/email.ts'
import { checkPassword } from '../../accounts/password-policy.ts'
import { parsePhc } from '../../accounts/phc.ts'
import type { Config } from '../../config/config.ts'
import { type Path, suggestion } from '../../config/problems.ts'
import type { Report } from '../../config/report.ts'
import type { Dataset } from '../../mask/language.ts'
import { maskFaults } from '../mask-faults.ts'
import { attributeValueFault } from './attributes.ts'
import type { AccountSource, DirectorySource, GrantSource, MembershipSource } from './directory-schema.ts'
import { parseTime } from './time.ts'

/** Everything that neither the schema nor the store can say; the result has each e-mail address in its one spelling. */
export function checkDirectory(source: DirectorySource, config: Config, report: Report): DirectorySource {
  checkUnique(
    'tenants',
    source.tenants.map(({ id }) => id),
    report,
  )
  checkUnique(
    'groups',
    source.groups.map(({ tenant, id }) => `${tenant} ${id}`),
    report,
  )
  checkUnique(
    'grants',
    source.grants.map(({ tenant, id }) => `${tenant} ${id}`),
    report,
  )
  const accounts = source.accounts.map((account, i) => checkAccount(account, config, ['accounts', i], report))
  checkUnique(
    'accounts',
    accounts.map(({ email }) => email),
    report,
  )
  const grants = source.grants.map((grant, i) => checkGrant(grant, config.datasets, ['grants', i], report))
  return { ...source, accounts, grants }
}

function checkUnique(list: string, keys: readonly string[], report: Report): void {
  const seen = new Set<string>()
  for (const [i, key] of keys.entries()) {
    if (seen.has(key)) report.add([list, i], 'is listed twice')
    seen.add(key)
  }
}

function checkEmail(written: string, path: Path, report: Report): string {
  const email = normaliseEmail(written)
  if (email === undefined) report.add(path, `${report.quote(path, written)} is no e-mail address`)
  return email ?? written
}

function checkAccount(account: AccountSource, config: Config, path: Path, report: Report): AccountSource {
  const email = checkEmail(account.email, [...path, 'email'], report)
  checkCredential(account, email, path, report)
  const tenants = new Set<string>()
  for (const [i, membership] of account.memberships.entries()) {
    const at = [...path, 'memberships', i]
    if (tenants.has(membership.tenant)) report.add(at, 'is listed twice')
    tenants.add(membership.tenant)
    checkMembership(membership, config, at, report)
  }
  return { ...account, email }
}

function checkCredential(account: AccountSource, email: string, path: Path, report: Report): void {
  const { password, passwordHash } = account
  if (password !== undefined && passwordHash !== undefined) {
    report.add([...path, 'passwordHash'], 'there is a password already; one of the two is enough', 'key')
  }
  const fault = password === undefined ? undefined : passwordFault(password, email)
  if (fault !== undefined) report.add([...path, 'password'], fault)
  if (passwordHash !== undefined && !isReadable(passwordHash)) {
    report.add([...path, 'passwordHash'], 'must be an argon2id hash as a PHC string ($argon2id$v=19$...)')
  }
}

/** Why `password` may not be the account's. */
export function passwordFault(password: string, email: string): string | undefined {
  return checkPassword(password, { policy: 'nist', context: [email, 'sallyport'] })
}

function isReadable(phc: string): boolean {
  try {
    parsePhc(phc)
    return true
  } catch {
    // Its message is for a hash that is stored already.
    return false
  }
}

function checkMembership(membership: MembershipSource, { attributes }: Config, path: Path, report: Report): void {
  checkSpan(membership, path, report)
  for (const [name, value] of Object.entries(membership.attributes)) {
    const fault = attributeValueFault(name, value, attributes)
    if (fault !== undefined) report.add([...path, 'attributes', name], fault)
  }
}

function checkSpan(span: { validFrom?: string; validUntil?: string }, path: Path, report: Report): void {
  const { validFrom, validUntil } = span
  for (const [key, text] of Object.entries({ validFrom, validUntil })) {
    if (text !== undefined && parseTime(text) === undefined) report.add([...path, key], 'is no time that exists')
  }
  if (validFrom !== undefined && validUntil !== undefined && Date.parse(validFrom) >= Date.parse(validUntil)) {
    report.add([...path, 'validUntil'], 'ends before it begins')
  }
}

function checkGrant(
  grant: GrantSource,
  datasets: ReadonlyMap<string, Dataset>,
  path: Path,
  report: Report,
): GrantSource {
  checkSpan(grant, path, report)
  const subject = checkSubject(grant.subject, [...path, 'subject'], report)
  const sharedBy = checkShare(grant, path, report)
  const dataset = datasets.get(grant.dataset)
  if (dataset === undefined) {
    const at = [...path, 'dataset']
    const hint = report.referenced(at) ? '' : suggestion(grant.dataset, datasets.keys())
    report.add(at, `the configuration declares no dataset ${report.quote(at, grant.dataset)}${hint}`)
    return { ...grant, ...sharedBy, subject }
  }
  for (const fault of grantFaults(grant, dataset)) {
    const at = [...path, ...fault.path]
    report.add(
      at,
      report.referenced(at) ? 'is not usable here (it holds a reference, which is not shown)' : fault.message,
    )
  }
  return { ...grant, ...sharedBy, subject }
}

function checkShare(grant: GrantSource, path: Path, report: Report): Pick<GrantSource, 'sharedBy'> {
  if (grant.sharedBy === undefined) return {}
  const at = [...path, 'sharedBy']
  const fault = shareFault(grant.effect, grant.subject === 'everyone')
  if (fault !== undefined) report.add(at, fault)
  return { sharedBy: checkEmail(grant.sharedBy, at, report) }
}

/** Why such a grant cannot be shared by anybody. */
export function shareFault(effect: GrantSource['effect'], forEveryone: boolean): string | undefined {
  if (effect === 'restrict') return 'only rows are shared, not restrictions'
  return forEveryone ? 'nobody shares with everyone; name a group or an account' : undefined
}

/** What is wrong with a grant's mask or its withheld fields; paths begin at the grant. */
export function grantFaults(grant: { readonly rows: unknown; readonly withhold: readonly string[] }, dataset: Dataset) {
  const faults = maskFaults(grant.rows, dataset).map(({ path, message }) => ({
    path: ['rows', ...path] as Path,
    message,
  }))
  for (const [i, field] of grant.withhold.entries()) {
    const path: Path = ['withhold', i]
    if (!dataset.fields.has(field)) {
      const message = `${dataset.name} declares no field ${JSON.stringify(field)}${suggestion(field, dataset.fields.keys())}`
      faults.push({ path, message })
    } else if (field === dataset.tenantField)
      faults.push({ path, message: 'the field that names the tenant cannot be withheld' })
  }
  return faults
}

function checkSubject(subject: GrantSource['subject'], path: Path, report: Report): GrantSource['subject'] {
  if (subject === 'everyone') return subject
  const { group, account } = subject
  if (group !== undefined && account !== undefined) report.add(path, 'is a group or an account, not both')
  return account === undefined ? subject : { account: checkEmail(account, [...path, 'account'], report) }
}
