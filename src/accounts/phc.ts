import { ProxyError } from '../errors.ts'

/** What an argon2id PHC string says. */
export interface Argon2Hash {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

const pattern =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** An imported hash must not choose how much memory and time a sign-in costs. */
const caps = { memory: 65_536, passes: 10, parallelism: 4 } as const

export function encodePhc(hash: Argon2Hash): string {
  const { memory, passes, parallelism, salt, tag } = hash
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/**
 * Throws `ERR_KEYS_UNUSABLE` for anything but argon2id within the caps: a hash that cannot be read is a fault of the
 * installation, and must be seen as one rather than look like a wrong password.
 */
export function parsePhc(text: string): Argon2Hash {
  const [, memory, passes, parallelism, salt = '', tag = ''] = pattern.exec(text) ?? []
  const hash = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
  // Written back it must be the same text: no leading zeros, no stray bits in base64.
  if (tag === '' || !isWithinCaps(hash) || encodePhc(hash) !== text)
    throw new ProxyError('ERR_KEYS_UNUSABLE', 'a stored password hash cannot be used')
  return hash
}

/** RFC 9106 section 3.1: at least 8 KiB of memory for each lane. */
function isWithinCaps({ memory, passes, parallelism }: Argon2Hash): boolean {
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) return false
  return memory <= caps.memory && passes <= caps.passes && parallelism <= caps.parallelism
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
