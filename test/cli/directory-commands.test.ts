import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { hashApiKey } from '../../src/accounts/api-key.ts'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { verifyPassword } from '../../src/accounts/password.ts'
import { member, type Place, smallPlace, storeOf } from './support.ts'

const email = 'ann@acme.example'

const directory = `
tenants: [{ id: acme, name: Acme }]
groups: [{ tenant: acme, id: sales }]
accounts:
  - { email: ann@acme.example, name: Ann, memberships: [{ tenant: acme, roles: [viewer], groups: [sales] }] }
`

async function withAnn(t: Parameters<typeof smallPlace>[0]): Promise<Place> {
  const here = smallPlace(t)
  here.write('directory.yaml', directory)
  const { code, err } = await here.run('apply', '-f', 'directory.yaml')
  assert.equal(code, 0, err)
  return here
}

// Each test runs programs in a folder of its own.
suite("the directory's commands", { concurrency: 4 }, () => {
  test('a new tenant can sign tokens: its secret is sealed by the key file and never shown', async (t) => {
    const here = smallPlace(t)
    const { value } = await here.json('tenant', 'add', 'acme')
    const [secretId] = [member(value, 'tokenSecrets', 0)]
    assert.equal(typeof secretId, 'string')
    const store = await storeOf(t, here)
    const [secret] = (await store.tenant('acme'))?.tokenSecrets ?? []
    const keys = await openKeyFile(join(here.folder, 'data/keys.json'), { create: false })
    assert.equal(keys.unseal(secret?.sealed ?? '', `token-secret:acme:${secret?.id}`).length, 64)
    assert.doesNotMatch(
      JSON.stringify((await here.json('tenant', 'show', 'acme')).value),
      new RegExp(secret?.sealed.slice(0, 20) ?? 'none'),
    )
  })

  test('rotating keeps the secret before it for verifying, or drops it at once', async (t) => {
    const here = smallPlace(t)
    const first = member((await here.json('tenant', 'add', 'acme')).value, 'tokenSecrets', 0)
    const kept = member((await here.json('tenant', 'rotate-secret', 'acme')).value, 'tokenSecrets')
    assert.ok(Array.isArray(kept))
    assert.deepEqual([kept.length, kept[1]], [2, first])
    const dropped = member((await here.json('tenant', 'rotate-secret', 'acme', '--now')).value, 'tokenSecrets')
    assert.ok(Array.isArray(dropped))
    assert.equal(dropped.length, 1)
    assert.equal(kept.includes(dropped[0]), false)
  })

  test('lists and shows what was added, under one spelling of the address', async (t) => {
    const here = smallPlace(t)
    await here.run('tenant', 'add', 'acme', '--name', 'Acme')
    await here.run('group', 'add', 'sales', '--tenant', 'acme')
    const membership = ['--tenant', 'acme', '--role', 'viewer', '--group', 'sales']
    const added = await here.run('account', 'add', 'Ann@Acme.example', '--name', 'Ann', ...membership)
    assert.equal(added.code, 0, added.err)
    const { value } = await here.json('account', 'show', 'ANN@acme.example')
    assert.deepEqual([member(value, 'email'), member(value, 'hasPassword')], [email, false])
    assert.deepEqual(
      [member(value, 'memberships', 0, 'roles'), member(value, 'memberships', 0, 'groups')],
      [['viewer'], ['sales']],
    )
    const table = await here.run('account', 'list', '--tenant', 'acme')
    assert.match(table.out, /^EMAIL +NAME +STATE +OPERATOR +ID\nann@acme\.example +Ann +enabled/)
    assert.deepEqual(member((await here.json('group', 'show', 'sales', '--tenant', 'acme')).value, 'members'), [email])
  })

  test('sets roles, groups and attributes of a membership, and ends it', async (t) => {
    const here = await withAnn(t)
    const set = await here.json(
      'account',
      'set',
      email,
      '--tenant',
      'acme',
      '--role',
      'editor',
      '--attribute',
      'region=north',
      '--attribute',
      'levels:=["a","b"]',
    )
    assert.deepEqual(member(set.value, 'memberships', 0, 'roles'), ['editor'])
    assert.deepEqual(member(set.value, 'memberships', 0, 'groups'), ['sales'])
    assert.deepEqual(member(set.value, 'memberships', 0, 'attributes'), { levels: ['a', 'b'], region: 'north' })
    const left = await here.json('account', 'set', email, '--leave', 'acme')
    assert.deepEqual(member(left.value, 'memberships'), [])
  })

  test('refuses what is there already, what is not there, and what has no name', async (t) => {
    const here = await withAnn(t)
    const lines: readonly (readonly [number, ...string[]])[] = [
      [1, 'tenant', 'add', 'acme'],
      [1, 'account', 'add', email],
      [1, 'group', 'add', 'sales', '--tenant', 'acme'],
      [1, 'account', 'show', 'eve@acme.example'],
      [1, 'account', 'set', email, '--tenant', 'globex', '--role', 'viewer'],
      [1, 'account', 'set', email, '--tenant', 'acme', '--group', 'nobody'],
      [2, 'account', 'set', email, '--role', 'viewer'],
      [2, 'account', 'add', 'no address'],
      [2, 'account', 'set', email, '--tenant', 'acme', '--attribute', 'region:={}'],
      [1, 'key', 'remove', 'key_0'],
    ]
    const outcomes = await Promise.all(lines.map(([, ...line]) => here.run(...line)))
    for (const [i, { code, err }] of outcomes.entries()) {
      assert.equal(code, lines[i]?.[0], `${lines[i]?.join(' ')}: ${err}`)
      assert.match(err, /^sallyport: .+\n$/)
    }
  })

  test('takes a password from standard input, holds it to the policy, and ends sessions', async (t) => {
    const here = await withAnn(t)
    const weak = await here.runWith('short\n', 'account', 'password', email)
    assert.deepEqual([weak.code, weak.err], [1, 'sallyport: the password is refused: at least 15 characters\n'])
    const strong = await here.runWith('violet-kettle-harbour\n', 'account', 'password', email)
    assert.equal(strong.code, 0, strong.err)
    assert.doesNotMatch(strong.out, /violet/)
    const store = await storeOf(t, here)
    const held = await store.credentialsOf(email)
    assert.equal(await verifyPassword(held?.passwordHash ?? '', 'violet-kettle-harbour'), true)
    assert.equal(held?.account.epoch, 1)
  })

  test('a generated password is shown once and is the one that was stored', async (t) => {
    const here = await withAnn(t)
    const password = String(member((await here.json('account', 'password', email, '--generate')).value, 'password'))
    const store = await storeOf(t, here)
    assert.equal(await verifyPassword((await store.credentialsOf(email))?.passwordHash ?? '', password), true)
  })

  test('disabling ends what the account is signed in with; enabling revives nothing', async (t) => {
    const here = await withAnn(t)
    await here.run('account', 'disable', email)
    const disabled = (await here.json('account', 'show', email)).value
    assert.deepEqual([member(disabled, 'state'), member(disabled, 'epoch')], ['disabled', 1])
    await here.run('account', 'enable', email)
    const enabled = (await here.json('account', 'show', email)).value
    assert.deepEqual([member(enabled, 'state'), member(enabled, 'epoch')], ['enabled', 1])
  })

  test('token revoke ends every session and token of the account', async (t) => {
    const here = await withAnn(t)
    assert.equal((await here.run('token', 'revoke', '--account', email)).code, 0)
    assert.equal(member((await here.json('account', 'show', email)).value, 'epoch'), 1)
  })

  test('an API key is shown once, found by its hash, listed by its prefix, and removed', async (t) => {
    const here = await withAnn(t)
    const { value } = await here.json(
      'key',
      'add',
      '--tenant',
      'acme',
      '--account',
      email,
      '--name',
      'ci',
      '--for',
      '90d',
    )
    const [id, key] = [String(member(value, 'id')), String(member(value, 'key'))]
    assert.match(key, /^spk_[A-Za-z0-9_-]{43}$/)
    const store = await storeOf(t, here)
    assert.equal((await store.apiKeyByHash(hashApiKey(key)))?.id, id)
    const listed = await here.run('key', 'list')
    assert.match(listed.out, new RegExp(`${key.slice(0, 10)} +acme +ann@acme\\.example +ci`))
    assert.doesNotMatch(listed.out, new RegExp(key.slice(0, 20)))
    assert.equal((await here.run('key', 'remove', id)).code, 0)
    assert.deepEqual((await here.json('key', 'list')).value, [])
  })

  test('a key needs a membership', async (t) => {
    const here = await withAnn(t)
    await here.run('tenant', 'add', 'globex')
    const { code, err } = await here.run('key', 'add', '--tenant', 'globex', '--account', email)
    assert.deepEqual([code, err], [1, 'sallyport: ann@acme.example is no member of globex\n'])
  })

  test('a grant is held to the dataset when it is added and when it is changed', async (t) => {
    const here = await withAnn(t)
    const add = ['grant', 'add', '--id', 'g1', '--tenant', 'acme', '--dataset', 'orders', '--group', 'sales']
    const wrong = await here.run(...add, '--rows', '{"entty":"A"}')
    assert.deepEqual([wrong.code, wrong.err], [1, 'sallyport: rows.entty: orders declares no such field\n'])
    const { value } = await here.json(...add, '--rows', '{"entity":"A"}', '--withhold', 'margin')
    assert.deepEqual(
      [member(value, 'actions'), member(value, 'effect'), member(value, 'withhold')],
      [['read'], 'permit', ['margin']],
    )
    assert.equal((await here.run('grant', 'set', 'g1', '--tenant', 'acme', '--rows', '{"$or":[]}')).code, 1)
    const changed = await here.json(
      'grant',
      'set',
      'g1',
      '--tenant',
      'acme',
      '--rows',
      'true',
      '--action',
      'read',
      '--action',
      'modify',
      '--withhold',
      '',
    )
    assert.deepEqual(
      [member(changed.value, 'rows'), member(changed.value, 'actions'), member(changed.value, 'withhold')],
      [true, ['read', 'modify'], []],
    )
    assert.match((await here.run('grant', 'list')).out, /^acme +g1 +group sales +permit +read modify +orders +true$/m)
  })

  test('removing a tenant takes its groups, grants and memberships with it', async (t) => {
    const here = await withAnn(t)
    assert.equal((await here.run('tenant', 'remove', 'acme')).code, 0)
    assert.deepEqual(member((await here.json('account', 'show', email)).value, 'memberships'), [])
    assert.deepEqual((await here.json('group', 'list')).value, [])
  })

  test('a name with control characters cannot move the cursor of whoever lists it', async (t) => {
    const here = await withAnn(t)
    await here.run('account', 'set', email, '--name', 'A\u001b[2Jnn')
    assert.match((await here.run('account', 'list')).out, /A\\u\{1b\}\[2Jnn/)
  })
})
