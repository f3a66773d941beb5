import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { systemClock } from '../../src/lib/clock.ts'
import { openRedisState } from '../../src/shared-state/redis.ts'
import { freePort, startRedis } from '../support/redis.ts'

test('speaks TLS to a server whose authority it was given, and to no other', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1']
  await promisify(execFile)('openssl', [...request, ...names, '-keyout', key, '-out', cert])
  const port = await freePort()
  const tls = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no']
  const redis = await startRedis({ args: ['--tls-port', String(port), ...tls] })
  t.after(() => redis.stop())
  const url = `rediss://127.0.0.1:${port}`
  const trusting = openRedisState(url, { clock: systemClock, ca: await readFile(cert, 'utf8') })
  const doubting = openRedisState(url, { clock: systemClock })
  t.after(() => Promise.all([trusting.close(), doubting.close()]))
  const isUp = (): Promise<boolean> =>
    trusting.putOnce('key', 'value', 60_000).then(
      () => true,
      () => false,
    )
  while (!(await isUp())) await delay(20)
  assert.equal(await trusting.peekOnce('key'), 'value')
  for (let i = 0; i < 5; i++) {
    await assert.rejects(doubting.peekOnce('key'), { code: 'ERR_STATE_UNAVAILABLE' })
    await delay(50)
  }
})
