import { randomBytes } from 'node:crypto'

const id = /^[A-Za-z0-9._:-]{1,64}$/

/** An opaque account id; says nothing about the account. */
export function newAccountId(): string {
  return `acc_${randomBytes(16).toString('hex')}`
}

/** Whether `text` can be the id of an account, tenant, group, grant or key. */
export function isId(text: string): boolean {
  return id.test(text)
}
