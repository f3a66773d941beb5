import type { Migration } from 'kysely/migration'
import * as accounts from './001-accounts.ts'
import * as rights from './002-rights.ts'

/** Every change of the schema, in order; a name once released is never renamed. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-accounts': accounts,
  '002-rights': rights,
}
