import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RunningRedis, startRedis } from '../support/redis.ts'
import { member, place, smallConfig, smallPlace } from './support.ts'

let redis: RunningRedis
before(async () => {
  redis = await startRedis()
})
after(() => redis.stop())

function sharedPlace(t: Parameters<typeof place>[0]) {
  const here = place(t)
  const shared = `state: { url: "${redis.url}" }\nbans: { neverBan: [192.0.2.10] }\n`
  here.write('sallyport.yaml', `${shared}${smallConfig}`)
  return here
}

test('bans, lists and lifts in the shared list', async (t) => {
  const here = sharedPlace(t)
  const added = await here.run('ban', 'add', '203.0.113.0/24', '--for', '2h', '--reason', 'scraping')
  assert.equal(added.code, 0, added.err)
  assert.match(added.out, /^banned 203\.0\.113\.0\/24 until \d{4}-/)
  const { value } = await here.json('ban', 'list')
  assert.deepEqual(
    [member(value, 0, 'network'), member(value, 0, 'origin'), member(value, 0, 'reason')],
    ['203.0.113.0/24', 'operator', 'scraping'],
  )
  assert.equal((await here.run('ban', 'remove', '203.0.113.0/24')).code, 0)
  assert.deepEqual((await here.json('ban', 'list')).value, [])
})

test('refuses what is never banned, loopback without force, and what is no network', async (t) => {
  const here = sharedPlace(t)
  const never = await here.run('ban', 'add', '192.0.2.10')
  assert.deepEqual(
    [never.code, never.err],
    [1, 'sallyport: 192.0.2.10/32 is not banned: the configuration says never (bans.neverBan)\n'],
  )
  assert.match((await here.run('ban', 'add', '127.0.0.2')).err, /--force/)
  assert.equal((await here.run('ban', 'add', '127.0.0.2', '--force', '--for', '1m')).code, 0)
  assert.equal((await here.run('ban', 'remove', '127.0.0.2')).code, 0)
  for (const text of ['10.0.0.1/8', 'everyone', '1.2.3']) assert.equal((await here.run('ban', 'add', text)).code, 2)
  assert.equal((await here.run('ban', 'add', '203.0.113.9', '--for', 'soon')).code, 2)
  assert.equal((await here.run('ban', 'remove', '198.51.100.7')).code, 1)
})

test('says that state in memory has no list outside the edge', async (t) => {
  const { code, err } = await smallPlace(t).run('ban', 'list')
  assert.equal(code, 1)
  assert.match(err, /state\.url is memory:.*redis:\/\//)
})

test('says that the shared state is away', async (t) => {
  const here = place(t)
  here.write('sallyport.yaml', `state: { url: "redis://:hunter2@127.0.0.1:1" }\n${smallConfig}`)
  const { code, err } = await here.run('ban', 'list')
  assert.equal(code, 1)
  assert.match(err, /ERR_STATE_UNAVAILABLE/)
  assert.doesNotMatch(err, /hunter2/)
})
