import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { openKeyFile, rotateKeyFile } from '../../src/accounts/key-file.ts'
import { until } from './failure-support.ts'
import { ask, auditLines, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

const expected = { audience: 'orders', issuer: 'http://127.0.0.1:8080', algorithms: ['ES256'] }

describe('the key of the assertion', () => {
  let corridor: Corridor
  let keyFile: string
  let ann: string

  beforeEach(async () => {
    corridor = await openCorridor()
    keyFile = join(corridor.edge.folder, 'keys.json')
    ann = await corridor.edge.token('ann@acme.example')
  })
  afterEach(() => corridor.close())

  const published = async () =>
    (await (await fetch(`${corridor.edge.url}/.sallyport/jwks.json`)).json()) as JSONWebKeySet & {
      readonly keys: readonly { readonly kid: string }[]
    }
  const kids = async () => (await published()).keys.map(({ kid }) => kid)

  async function assertion(): Promise<string> {
    corridor.upstream.requests.length = 0
    await ask(corridor.edge, head('GET /app/x HTTP/1.1', [bearer(ann)]))
    return corridor.upstream.requests[0]?.values('x-sallyport-assertion')[0] ?? ''
  }
  const signedBy = async () => String(decodeProtectedHeader(await assertion()).kid)

  it('rotates under running traffic: an app with the keys from before verifies every assertion', async () => {
    const before = createLocalJWKSet(await published())
    const old = await assertion()
    const { assertion: keys } = await rotateKeyFile(keyFile, { withdraw: false })
    await until('the next key signs', async () => {
      const token = await assertion()
      await jwtVerify(token, before, expected)
      return decodeProtectedHeader(token).kid === keys.current.id
    })
    assert.deepEqual(new Set(await kids()), new Set([keys.current.id, keys.next.id, keys.previous?.id]))
    await jwtVerify(old, createLocalJWKSet(await published()), expected)
  })

  it('never signs again once it was withdrawn, and is no longer published', async () => {
    const before = createLocalJWKSet(await published())
    const old = await assertion()
    const withdrawn = await kids()
    const { assertion: keys } = await rotateKeyFile(keyFile, { withdraw: true })
    await until('the new key signs', async () => (await signedBy()) === keys.current.id)
    for (let i = 0; i < 3; i += 1) assert.equal(await signedBy(), keys.current.id)
    assert.ok((await kids()).every((kid) => !withdrawn.includes(kid)))
    const remote = createRemoteJWKSet(new URL(`${corridor.edge.url}/.sallyport/jwks.json`))
    await jwtVerify(await assertion(), remote, expected)
    await assert.rejects(jwtVerify(old, remote, expected), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    await assert.rejects(jwtVerify(await assertion(), before, expected), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  it('stays in force while the file cannot be used, which is told', async () => {
    const before = await signedBy()
    writeFileSync(keyFile, 'nothing')
    await until('the audit log tells of it', () =>
      auditLines(corridor.edge).some(({ event }) => event === 'config.refused'),
    )
    assert.equal(await signedBy(), before)
  })

  it('changes nothing for those who are signed in', async () => {
    const { assertion: keys } = await rotateKeyFile(keyFile, { withdraw: true })
    await until('the new key signs', async () => (await signedBy()) === keys.current.id)
    const { status } = await ask(corridor.edge, head('GET /.sallyport/session HTTP/1.1', [bearer(ann)]))
    assert.equal(status, 200)
    assert.equal((await openKeyFile(keyFile, { create: false })).assertionKey.id, keys.current.id)
  })
})
