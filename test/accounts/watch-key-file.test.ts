import assert from 'node:assert/strict'
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openKeyFile, rotateKeyFile } from '../../src/accounts/key-file.ts'
import { type OnKeyFile, watchKeyFile } from '../../src/accounts/watch-key-file.ts'
import { until } from '../e2e/failure-support.ts'
import { tempFolder } from '../support/temp.ts'

async function open(t: TestContext) {
  const path = join(tempFolder(t), 'keys.json')
  const keys = await openKeyFile(path, { create: true })
  const outcomes: Parameters<OnKeyFile>[0][] = []
  t.after(watchKeyFile(path, keys, (outcome) => outcomes.push(outcome)))
  const failures = () => outcomes.filter((outcome) => outcome !== 'replaced').map(({ error }) => String(error))
  return { path, keys, outcomes, failures }
}

describe('keys in use', { concurrency: true }, () => {
  it('follow their file', async (t) => {
    const { path, keys, outcomes } = await open(t)
    for (const withdraw of [false, true]) {
      const { assertion } = await rotateKeyFile(path, { withdraw })
      await until('the key of the file signs', () => keys.assertionKey.id === assertion.current.id)
      assert.ok(keys.assertionJwks.some((jwk) => 'kid' in jwk && jwk.kid === assertion.next.id))
    }
    assert.ok(outcomes.every((outcome) => outcome === 'replaced'))
  })

  it('stay as they are while their file cannot be used, and follow it once it can', async (t) => {
    const { path, keys, failures } = await open(t)
    const before = keys.assertionKey.id
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, '{"secret-of-ours')
    await until('the damage is told', () => failures().length === 1)
    chmodSync(path, 0o644)
    writeFileSync(path, good)
    await until('the mode is told', () => failures().some((text) => text.includes('read by others')))
    rmSync(path)
    await until('the absence is told', () => failures().some((text) => text.includes('not exist')))
    assert.equal(keys.assertionKey.id, before)
    assert.doesNotMatch(failures().join(), /secret-of-ours/)
    writeFileSync(`${path}.new`, good, { mode: 0o600 })
    renameSync(`${path}.new`, path)
    const { assertion } = await rotateKeyFile(path, { withdraw: false })
    await until('the new file is followed', () => keys.assertionKey.id === assertion.current.id)
  })
})
