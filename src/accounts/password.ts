import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ProxyError } from '../errors.ts'
import { hashingPool } from './hashing-pool.ts'
import { type Argon2Hash, encodePhc, parsePhc } from './phc.ts'

const derive = promisify(argon2)

const maxCodePoints = 128
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const
const saltBytes = 16
const tagBytes = 32

/** argon2id as a PHC string; `ERR_SIGN_IN_FORM` for what is no password (empty, too long, not Unicode). */
export async function hashPassword(password: string, pool = hashingPool): Promise<string> {
  const message = parsePassword(password)
  if (message === undefined) throw new ProxyError('ERR_SIGN_IN_FORM', 'not 1 to 128 code points')
  const salt = randomBytes(saltBytes)
  const tag = await pool.run(() => tagOf(message, { ...cost, salt }, tagBytes))
  return encodePhc({ ...cost, salt, tag })
}

/** False for a wrong password, and at once for what can be none; `ERR_KEYS_UNUSABLE` for a hash we cannot read. */
export async function verifyPassword(phc: string, password: string, pool = hashingPool): Promise<boolean> {
  const hash = parsePhc(phc)
  const message = parsePassword(password)
  if (message === undefined) return false
  const tag = await pool.run(() => tagOf(message, hash, hash.tag.length))
  return timingSafeEqual(tag, hash.tag)
}

const dummy = encodePhc({ ...cost, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) })

/** Costs what a verification costs, for accounts that do not exist or have no password; always false. */
export async function dummyVerify(password: string, pool = hashingPool): Promise<false> {
  await verifyPassword(dummy, password, pool)
  return false
}

/** NFKC, so that one password typed on two keyboards is one. */
function parsePassword(password: string): Buffer | undefined {
  // A code point takes at most two code units; NFKC of longer texts is not even tried.
  if (password.length > 2 * maxCodePoints || !password.isWellFormed()) return undefined
  const text = password.normalize('NFKC')
  const { length } = Array.from(text)
  return length >= 1 && length <= maxCodePoints ? Buffer.from(text, 'utf8') : undefined
}

function tagOf(message: Buffer, hash: Omit<Argon2Hash, 'tag'>, tagLength: number): Promise<Buffer> {
  const { memory, passes, parallelism, salt } = hash
  return derive('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength })
}
