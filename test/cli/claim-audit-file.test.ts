import assert from 'node:assert/strict'
import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { claimAuditFile } from '../../src/cli/claim-audit-file.ts'
import { runEdge } from '../../src/cli/run-edge.ts'
import { parseConfig } from '../../src/config/load.ts'
import { tempFolder } from '../support/temp.ts'

const taken = /audit\.jsonl is written by an edge that runs already; stop that one, or name another audit\.file$/
const elsewhere = process.platform === 'linux' ? false : 'the claim is an abstract socket, which only Linux has'

test('one audit log has one edge, under whatever name; the next one may have it afterwards', {
  skip: elsewhere,
}, async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'audit.jsonl')
  const release = await claimAuditFile(path)
  t.after(release)
  linkSync(path, join(folder, 'other-audit.jsonl'))
  await assert.rejects(claimAuditFile(path), taken)
  await assert.rejects(claimAuditFile(join(folder, 'other-audit.jsonl')), taken)
  const neighbour = await claimAuditFile(join(folder, 'neighbour.jsonl'))
  neighbour()
  release()
  const again = await claimAuditFile(path)
  again()
})

test('a second edge on the same audit log is not started', { skip: elsewhere }, async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  const release = await claimAuditFile(file)
  t.after(release)
  let starts = 0
  const cli = {
    io: {
      env: {},
      isTerminal: false,
      out: () => undefined,
      err: () => undefined,
      readInput: async () => '',
      untilStopped: async () => undefined,
      stopSignal: () => new AbortController().signal,
    },
    startEdge: async () => {
      starts += 1
      return { url: '', adminUrl: '', close: async () => undefined }
    },
  }
  const source = {
    publicUrl: 'http://127.0.0.1:8080',
    audit: { file },
    apps: [
      { id: 'app', upstreams: ['http://127.0.0.1:1'], routes: [{ methods: ['GET'], path: '/**', access: 'member' }] },
    ],
  }
  const config = parseConfig(JSON.stringify(source), { file: 'test', env: {}, readFile: () => '' })
  const run = () => runEdge(config, { log: 'silent', createKeys: false }, cli, () => undefined)
  await assert.rejects(run(), taken)
  assert.equal(starts, 0)
  release()
  await run()
  await run()
  assert.equal(starts, 2)
})

test('what is no file is left to whoever opens it for good', async (t) => {
  const release = await claimAuditFile(tempFolder(t))
  release()
  const device = await claimAuditFile('/dev/null')
  device()
})
