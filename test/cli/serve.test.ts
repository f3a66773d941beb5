import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { verifyPassword } from '../../src/accounts/password.ts'
import { createFirstAdministrator } from '../../src/cli/first-administrator.ts'
import { withDirectory } from '../../src/cli/open-rooms.ts'
import { parseConfig } from '../../src/config/load.ts'
import { tempFolder } from '../support/temp.ts'
import { place } from './support.ts'

test('the first start makes one tenant and one administrator; the second makes nobody', async (t) => {
  const folder = tempFolder(t)
  const source = {
    publicUrl: 'http://127.0.0.1:8080',
    store: { url: `sqlite:${folder}/first.db` },
    keys: { file: `${folder}/keys.json` },
    apps: [
      { id: 'app', upstreams: ['http://127.0.0.1:1'], routes: [{ methods: ['GET'], path: '/**', access: 'member' }] },
    ],
  }
  const config = parseConfig(JSON.stringify(source), { file: 'test', env: {}, readFile: () => '' })
  const first = await withDirectory(config, createFirstAdministrator)
  assert.equal(first?.email, 'admin@sallyport.local')
  await withDirectory(config, async ({ store }) => {
    const held = await store.credentialsOf(first?.email ?? '')
    assert.equal(await verifyPassword(held?.passwordHash ?? '', first?.password ?? ''), true)
    const [membership] = await store.membershipsOf(held?.account.id ?? '')
    assert.deepEqual([membership?.tenant, membership?.roles], ['main', ['admin']])
    assert.equal((await store.tenant('main'))?.tokenSecrets.length, 1)
  })
  assert.equal(await withDirectory(config, createFirstAdministrator), undefined)
})

test('a port that is taken is refused with the way to choose another', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const here = place(t)
  const [demo, serve, fromEnvironment] = await Promise.all([
    here.run('--port', port, '--admin-port', '0'),
    here.run('--upstream', 'http://127.0.0.1:1', '--port', port),
    place(t, { SALLYPORT_PORT: port }).run(),
  ])
  for (const { code, err } of [demo, serve, fromEnvironment]) {
    assert.equal(code, 1, err)
    assert.match(
      err,
      new RegExp(`^sallyport: port ${port} of 127\\.0\\.0\\.1 is taken; choose another with .*--port N\n$`),
    )
  }
})

test('an upstream that is no origin is refused as bad usage, with an example', async (t) => {
  const { code, err } = await place(t).run('serve', '--upstream', 'ftp://127.0.0.1', '--port', '0', '--admin-port', '0')
  assert.equal(code, 2, err)
  assert.match(err, /^sallyport: --upstream must be an http or https URL; write it as http:\/\/127\.0\.0\.1:3000\n$/)
})
