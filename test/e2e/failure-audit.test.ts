import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { answerBytes, startEcho } from '../support/echo-upstream.ts'
import { password, startTestEdge } from '../support/edge.ts'
import { auditLines, bearer, received, until } from './failure-support.ts'
import { Browser } from './fleet-support.ts'

/** A file system of 64 KiB, or why there is none. */
function mountSmall(folder: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'mounting a tmpfs needs privileges that this user does not have'
  }
}

test('a full disk stops what must be audited and nothing else, and loses no event (skipped where no tmpfs can be mounted)', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'sallyport-disk-'))
  const whyNot = mountSmall(disk)
  if (whyNot !== undefined) {
    rmSync(disk, { recursive: true })
    t.skip(whyNot)
    return
  }
  const auditFile = join(disk, 'audit.jsonl')
  const upstream = await startEcho({
    respond: (_, socket) => void socket.write(answerBytes(200, [['content-type', 'application/json']], '[]')),
  })
  const edge = await startTestEdge({ upstream: upstream.url, config: { audit: { file: auditFile } } })
  t.after(async () => {
    await edge.stop()
    await upstream.close()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })
  const browser = new Browser()
  const token = await edge.token('dave@acme.example')
  const ask = async (path: string) => received(await fetch(`${edge.url}${path}`, { headers: bearer(token) }))
  assert.equal((await ask('/orders')).status, 200)

  writeFileSync(join(disk, 'filler'), Buffer.alloc(56 * 1024))
  // Refusals go on being recorded, until there is no room for them.
  await until('the disk is full', async () => {
    await ask('/nothing-here')
    return (await fetch(`${edge.adminUrl}/readyz`)).status === 503
  })
  const seen = upstream.requests.length
  const refused = await ask('/orders')
  assert.deepEqual([refused.status, JSON.parse(refused.body).code], [503, 'ERR_AUDIT_UNAVAILABLE'])
  assert.equal(refused.header('retry-after'), '5')
  assert.equal(upstream.requests.length, seen)
  const signIn = await received(
    await fetch(`${edge.url}/.sallyport/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'dave@acme.example', password }),
    }),
  )
  assert.deepEqual([signIn.status, JSON.parse(signIn.body).code], [503, 'ERR_AUDIT_UNAVAILABLE'])
  assert.equal((await browser.signIn(edge.url, 'ann@acme.example')).status, 503)
  assert.equal(browser.cookieHeader().includes('sallyport='), false)
  assert.equal((await ask('/app/a')).status, 200)
  assert.equal((await ask('/public/a')).status, 200)

  const { request: withheld } = JSON.parse(refused.body) as { request: string }
  assert.equal(readFileSync(auditFile, 'utf8').includes(withheld), false)
  rmSync(join(disk, 'filler'))
  await until('it is ready again', async () => (await fetch(`${edge.adminUrl}/readyz`)).status === 200)
  assert.equal((await ask('/orders')).status, 200)
  assert.equal((await browser.signIn(edge.url, 'ann@acme.example')).status, 303)
  const lines = auditLines({ auditFile })
  assert.ok(
    lines.some((line) => line.request === withheld),
    'what happened while the disk was full is told later',
  )
  const verdict = await verifyAudit(auditFile)
  assert.deepEqual([verdict.firstBad, verdict.warnings, verdict.lines], [undefined, [], lines.length])
})
