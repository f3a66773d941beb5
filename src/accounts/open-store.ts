import { ProxyError } from '../errors.ts'
import type { AccountStore } from './account-store.ts'
import { openPostgresStore } from './postgres.ts'
import { openSqliteStore } from './sqlite.ts'

/** Opens the store that `url` names: `sqlite:path`, `sqlite::memory:`, `postgres://` or `postgresql://`. */
export function openAccountStore(url: string): Promise<AccountStore> {
  if (url.startsWith('sqlite:')) return openSqliteStore(url)
  if (/^postgres(?:ql)?:\/\//.test(url)) return openPostgresStore(url)
  return Promise.reject(new ProxyError('ERR_STORE_UNAVAILABLE', 'the address of the store names no kind we know'))
}
