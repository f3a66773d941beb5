import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { describe, it } from 'node:test'
import { HashingPool } from '../../src/accounts/hashing-pool.ts'
import { dummyVerify, hashPassword, verifyPassword } from '../../src/accounts/password.ts'
import { encodePhc, parsePhc } from '../../src/accounts/phc.ts'
import { refusedWith } from './contract.ts'

const roomy = () => new HashingPool(2, 1_000)

describe('a password hash', () => {
  it('verifies its own password and no other', async () => {
    const pool = roomy()
    const phc = await hashPassword('correct horse', pool)
    assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.equal(await verifyPassword(phc, 'correct horse', pool), true)
    assert.equal(await verifyPassword(phc, 'Correct horse', pool), false)
    assert.equal(await verifyPassword(phc, 'correct horse ', pool), false)
    assert.notEqual(await hashPassword('correct horse', pool), phc)
  })

  it('of the reference implementation verifies', async () => {
    // From the reference implementation's test.c (argon2id, version 0x13): "password", "somesalt".
    const phc = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    assert.equal(await verifyPassword(phc, 'password', roomy()), true)
    assert.equal(await verifyPassword(phc, 'passwore', roomy()), false)
  })

  it('comes from an argon2id that keeps to the test vector of RFC 9106 section 5.3', () => {
    const tag = argon2Sync('argon2id', {
      message: Buffer.alloc(32, 1),
      nonce: Buffer.alloc(16, 2),
      secret: Buffer.alloc(8, 3),
      associatedData: Buffer.alloc(12, 4),
      memory: 32,
      passes: 3,
      parallelism: 4,
      tagLength: 32,
    })
    assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
  })

  it('is of the NFKC form, so two keyboards type one password', async () => {
    const phc = await hashPassword('Ünïcode ﬁn', roomy())
    assert.equal(await verifyPassword(phc, 'U\u0308ni\u0308code fin', roomy()), true)
  })

  it('takes 128 code points and refuses none, 129, and what is not Unicode', async () => {
    const refused = refusedWith('ERR_SIGN_IN_FORM')
    const phc = await hashPassword('😀'.repeat(128), roomy())
    assert.equal(await verifyPassword(phc, '😀'.repeat(128), roomy()), true)
    for (const password of ['', 'a'.repeat(129), 'a'.repeat(1_000_000), 'ﷺ'.repeat(8), 'abc\ud800def']) {
      await assert.rejects(hashPassword(password, roomy()), refused)
      assert.equal(await verifyPassword(phc, password, roomy()), false)
      assert.equal(await dummyVerify(password, roomy()), false)
    }
  })

  it('of nobody is never verified', async () => {
    assert.equal(await dummyVerify('correct horse', roomy()), false)
  })
})

describe('a PHC string', () => {
  const salt = 'c29tZXNhbHQ'
  const tag = 'nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  const good = `$argon2id$v=19$m=65536,t=10,p=4$${salt}$${tag}`

  it('is read and written back the same', () => {
    assert.equal(encodePhc(parsePhc(good)), good)
  })

  const bad = {
    'an empty text': '',
    'another algorithm': good.replace('argon2id', 'argon2i'),
    bcrypt: '$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
    'another version': good.replace('v=19', 'v=16'),
    'more memory than the cap': good.replace('m=65536', 'm=65537'),
    'more passes than the cap': good.replace('t=10', 't=11'),
    'more lanes than the cap': good.replace('p=4', 'p=5'),
    'no pass': good.replace('t=10', 't=0'),
    'too little memory for its lanes': good.replace('m=65536', 'm=31'),
    'a leading zero': good.replace('t=10', 't=010'),
    padding: `${good}=`,
    'stray bits': good.replace('Gi/4', 'Gi/5'),
    base64url: good.replace('/', '_'),
    'a short salt': good.replace(salt, 'c29tZQ'),
    'a short tag': good.replace(tag, 'nf65EOgLrQMR'),
    'something behind it': `${good}\n`,
    'something before it': ` ${good}`,
  }
  for (const [what, text] of Object.entries(bad))
    it(`is refused as unusable with ${what}`, async () => {
      assert.throws(() => parsePhc(text), refusedWith('ERR_KEYS_UNUSABLE'))
      await assert.rejects(verifyPassword(text, 'password', roomy()), refusedWith('ERR_KEYS_UNUSABLE'))
    })
})

describe('the hashing pool', () => {
  it('runs 2, keeps 20 waiting and refuses the other 178 of 200', async () => {
    const pool = new HashingPool()
    let running = 0
    let most = 0
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, () =>
        pool.run(async () => {
          running += 1
          most = Math.max(most, running)
          await new Promise((resolve) => setImmediate(resolve))
          running -= 1
        }),
      ),
    )
    assert.equal(most, 2)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 22)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') {
        assert.ok(refusedWith('ERR_SIGN_IN_BUSY')(outcome.reason))
        assert.equal(outcome.reason.retryAfter, 1)
      }
  })

  it('refuses the excess of 200 real hashes, and hashes again afterwards', async () => {
    const pool = new HashingPool()
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => hashPassword('correct horse', pool)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 22)
    assert.ok(await hashPassword('correct horse', pool))
  })

  it('gives a place back after a failure', async () => {
    const pool = new HashingPool(1, 0)
    await assert.rejects(
      pool.run(() => Promise.reject(new Error('broken'))),
      /broken/,
    )
    assert.equal(await pool.run(() => Promise.resolve(1)), 1)
  })
})
