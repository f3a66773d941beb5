import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { member, smallPlace } from './support.ts'

test('the key of the assertion rotates on command, which is recorded', async (t) => {
  const here = smallPlace(t)
  const file = join(here.folder, 'data/keys.json')
  const none = await here.run('key', 'rotate-assertion')
  assert.equal(none.code, 1)
  assert.match(none.err, /does not exist/)
  const before = await openKeyFile(file, { create: true })
  const { value } = await here.json('key', 'rotate-assertion')
  const after = await openKeyFile(file, { create: false })
  assert.equal(member(value, 'current'), after.assertionKey.id)
  assert.equal(member(value, 'previous'), before.assertionKey.id)
  const { code, out } = await here.run('key', 'rotate-assertion', '--now')
  const last = await openKeyFile(file, { create: false })
  assert.equal(code, 0)
  assert.match(out, new RegExp(`signed with ${last.assertionKey.id}`))
  assert.equal(last.assertionJwks.length, 2)
  const lines = readFileSync(join(here.folder, 'data/audit.cli.jsonl'), 'utf8').trim().split('\n')
  assert.deepEqual(
    lines.map((line) => [member(JSON.parse(line), 'event'), member(JSON.parse(line), 'reason')]),
    [
      ['key.changed', 'assertion key rotated'],
      ['key.changed', 'assertion keys withdrawn'],
    ],
  )
  assert.doesNotMatch(out + lines.join(), /"d"|secret/)
})
