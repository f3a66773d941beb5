import { newAccountId } from '../accounts/ids.ts'
import { choosePassword } from './admin/password.ts'
import { mintTenant } from './directory/mint-tenant.ts'
import { newAccount } from './directory/plan-accounts.ts'
import type { Directory } from './open-rooms.ts'

const tenantId = 'main'
const email = 'admin@sallyport.local'

export interface FirstAdministrator {
  readonly email: string
  /** Shown once; nobody can read it afterwards. */
  readonly password: string
}

/** In an empty store: one tenant, one administrator. Undefined where somebody is there already. */
export async function createFirstAdministrator({ store, keys }: Directory): Promise<FirstAdministrator | undefined> {
  const [tenants, accounts] = [await store.tenants(), await store.accounts({})]
  if (tenants.length > 0 || accounts.length > 0) return undefined
  await store.putTenant(mintTenant(tenantId, 'Main', await keys()))
  const account = { ...newAccount(newAccountId(), email), name: 'Administrator', operator: true }
  await store.putAccount(account)
  const attributes = {}
  const span = { validFrom: undefined, validUntil: undefined }
  await store.putMembership({ tenant: tenantId, account: account.id, roles: ['admin'], attributes, ...span })
  return { email, password: await choosePassword(store, account) }
}
