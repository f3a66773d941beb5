import assert from 'node:assert/strict'
import { createPublicKey, sign, verify } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { openKeyFile, rotateKeyFile } from '../../src/accounts/key-file.ts'
import { createKeySet } from '../../src/accounts/key-set.ts'
import { ProxyError } from '../../src/errors.ts'
import { refusedWith } from './contract.ts'

const unusable = refusedWith('ERR_KEYS_UNUSABLE')

const secret = (id: unknown, value: unknown) => [{ id, secret: value }]
const bytes = (length: number) => Buffer.alloc(length, 7).toString('base64url')

describe('the key file', () => {
  let folder = ''
  let path = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
    path = join(folder, 'data', 'keys.json')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  function write(content: unknown): void {
    mkdirSync(join(folder, 'data'), { recursive: true })
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 })
  }

  it('is made when asked, for its owner only, and read again', async () => {
    await assert.rejects(openKeyFile(path, { create: false }), unusable)
    const keys = await openKeyFile(path, { create: true })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'data')).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(join(folder, 'data')), ['keys.json'])
    const again = await openKeyFile(path, { create: false })
    assert.equal(again.unseal(keys.seal('secret', 'here'), 'here'), 'secret')
  })

  it('is one file when several edges make it at once', async () => {
    const rings = await Promise.all(Array.from({ length: 10 }, () => openKeyFile(path, { create: true })))
    const macs = rings.map((keys) => keys.mac('test', 'data'))
    assert.equal(new Set(macs).size, 1)
    assert.deepEqual(readdirSync(join(folder, 'data')), ['keys.json'])
  })

  it('that others can read is refused', async () => {
    await openKeyFile(path, { create: true })
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      chmodSync(path, mode)
      await assert.rejects(openKeyFile(path, { create: true }), unusable)
    }
    chmodSync(path, 0o400)
    await openKeyFile(path, { create: false })
  })

  it('that is damaged is refused without quoting it, and left as it is', async () => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(path, '{"wrap": very-secret', { mode: 0o600 })
    const error: unknown = await openKeyFile(path, { create: true }).catch((error: unknown) => error)
    assert.ok(error instanceof ProxyError)
    assert.equal(error.code, 'ERR_KEYS_UNUSABLE')
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('very-secret'))
    assert.equal(readFileSync(path, 'utf8'), '{"wrap": very-secret')
  })

  const good = createKeySet()
  const bad = {
    'a list': [],
    'another version': { ...good, version: 2 },
    'no wrapping key': { ...good, wrap: [] },
    'no cookie key': { ...good, cookie: undefined },
    'a short secret': { ...good, wrap: secret('a', bytes(31)) },
    'a long secret': { ...good, wrap: secret('a', bytes(33)) },
    'an id that could not be told from the rest': { ...good, wrap: secret('a.b', bytes(32)) },
    'one id twice': { ...good, wrap: [...secret('a', bytes(32)), ...secret('a', bytes(32))] },
    'no assertion key': { ...good, assertion: {} },
    'an assertion key of another kind': { ...good, assertion: { next: { kty: 'oct', k: 'x' }, current: {} } },
  }
  for (const [what, content] of Object.entries(bad))
    it(`with ${what} is refused`, async () => {
      write(content)
      await assert.rejects(openKeyFile(path, { create: true }), unusable)
      write(good)
      await openKeyFile(path, { create: false })
    })

  it('seals so that only the same context opens', async () => {
    const keys = await openKeyFile(path, { create: true })
    const sealed = keys.seal('Ünïcode secret', 'tenant acme')
    assert.equal(keys.unseal(sealed, 'tenant acme'), 'Ünïcode secret')
    assert.notEqual(keys.seal('Ünïcode secret', 'tenant acme'), sealed)
    assert.throws(() => keys.unseal(sealed, 'tenant other'), unusable)
    assert.equal(keys.unseal(keys.seal('', ''), ''), '')
  })

  it('opens nothing that was changed', async () => {
    const keys = await openKeyFile(path, { create: true })
    const sealed = keys.seal('secret', 'here')
    const [id = '', body = ''] = sealed.split('.')
    for (let index = 0; index < body.length; index += 1) {
      const other = body[index] === 'A' ? 'B' : 'A'
      assert.throws(
        () => keys.unseal(`${id}.${body.slice(0, index)}${other}${body.slice(index + 1)}`, 'here'),
        unusable,
      )
    }
    for (const text of ['', '.', id, `${id}.`, `x.${body}`, `${sealed}.`, `${sealed}=`, body])
      assert.throws(() => keys.unseal(text, 'here'), unusable)
    assert.throws(() => keys.unseal(sealed.slice(0, -8), 'here'), unusable)
  })

  it('opens what an older key sealed, with a newer one in front', async () => {
    const content = createKeySet()
    write(content)
    const older = await openKeyFile(path, { create: false })
    const sealed = older.seal('secret', 'here')
    const mac = older.mac('test', 'data')
    const wrap = [...secret('newer', bytes(32)), ...[content['wrap']].flat()]
    const cookie = [...secret('newer', bytes(32)), ...[content['cookie']].flat()]
    write({ ...content, wrap, cookie })
    const newer = await openKeyFile(path, { create: false })
    assert.equal(newer.unseal(sealed, 'here'), 'secret')
    assert.ok(newer.seal('secret', 'here').startsWith('newer.'))
    assert.equal(newer.isMac('test', 'data', mac), true)
    assert.notEqual(newer.mac('test', 'data'), mac)
    assert.throws(() => older.unseal(newer.seal('secret', 'here'), 'here'), unusable)
    assert.equal(older.isMac('test', 'data', newer.mac('test', 'data')), false)
  })

  it('makes a code that holds for one purpose and one text', async () => {
    const keys = await openKeyFile(path, { create: true })
    const mac = keys.mac('login form', 'data')
    assert.equal(keys.isMac('login form', 'data', mac), true)
    assert.equal(keys.isMac('login', 'formdata', mac), false)
    assert.equal(keys.isMac('device', 'data', mac), false)
    assert.equal(keys.isMac('login form', 'Data', mac), false)
    for (const wrong of ['', mac.slice(0, -1), `${mac}A`, `${mac}=`]) {
      assert.equal(keys.isMac('login form', 'data', wrong), false)
    }
  })

  it('signs assertions that its public keys verify, and publishes nothing private', async () => {
    const keys = await openKeyFile(path, { create: true })
    const { id, key } = keys.assertionKey
    const jwk = keys.assertionJwks.find((candidate) => 'kid' in candidate && candidate.kid === id)
    assert.ok(jwk)
    const signature = sign('sha256', Buffer.from('data'), { key, dsaEncoding: 'ieee-p1363' })
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    assert.ok(verify('sha256', Buffer.from('data'), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature))
    assert.equal(keys.assertionJwks.length, 2)
    assert.ok(keys.assertionJwks.every((candidate) => candidate.d === undefined))
  })

  const kids = async () =>
    (await openKeyFile(path, { create: false })).assertionJwks.map((jwk) => ('kid' in jwk ? jwk.kid : undefined))

  it('moves its assertion keys on: the next signs, the one before stays published, and a new one is next', async () => {
    await openKeyFile(path, { create: true })
    const [current, next] = await kids()
    const first = await rotateKeyFile(path, { withdraw: false })
    assert.deepEqual([first.assertion.current.id, first.assertion.previous?.id], [next, current])
    assert.deepEqual(await kids(), [next, first.assertion.next.id, current])
    assert.equal(new Set(await kids()).size, 3)
    const second = await rotateKeyFile(path, { withdraw: false })
    assert.deepEqual(await kids(), [first.assertion.next.id, second.assertion.next.id, next])
  })

  it('withdraws every assertion key that others may have seen', async () => {
    await openKeyFile(path, { create: true })
    await rotateKeyFile(path, { withdraw: false })
    const before = new Set(await kids())
    await rotateKeyFile(path, { withdraw: true })
    const after = await kids()
    assert.equal(after.length, 2)
    assert.ok(after.every((kid) => !before.has(kid)))
  })

  it('keeps everything else, its mode and its link, where the assertion keys move on', async () => {
    const keys = await openKeyFile(path, { create: true })
    const sealed = keys.seal('secret', 'here')
    const mac = keys.mac('test', 'data')
    symlinkSync(path, join(folder, 'link.json'))
    await rotateKeyFile(join(folder, 'link.json'), { withdraw: true })
    const after = await openKeyFile(path, { create: false })
    assert.equal(after.unseal(sealed, 'here'), 'secret')
    assert.ok(after.isMac('test', 'data', mac))
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.ok(lstatSync(join(folder, 'link.json')).isSymbolicLink())
    assert.deepEqual(readdirSync(join(folder, 'data')), ['keys.json'])
  })

  it('that is none does not move on, and stays as it is', async () => {
    await assert.rejects(rotateKeyFile(path, { withdraw: false }), unusable)
    write({ ...createKeySet(), cookie: [] })
    const text = readFileSync(path, 'utf8')
    await assert.rejects(rotateKeyFile(path, { withdraw: false }), unusable)
    assert.equal(readFileSync(path, 'utf8'), text)
  })

  it('shows no secret when printed', async () => {
    const keys = await openKeyFile(path, { create: true })
    const text = readFileSync(path, 'utf8')
    const shown = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys)
    for (const [, value = ''] of text.matchAll(/"(?:secret|d)": "([^"]+)"/g)) assert.ok(!shown.includes(value))
  })
})
