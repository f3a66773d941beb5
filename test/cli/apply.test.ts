import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hashPassword } from '../../src/accounts/password.ts'
import { member, smallPlace, storeOf } from './support.ts'

const directory = `
tenants:
  - { id: acme, name: Acme }
groups:
  - { tenant: acme, id: sales }
accounts:
  - email: Ann@Acme.example
    name: Ann
    password: "\${ANN_PASSWORD}"
    memberships:
      - { tenant: acme, roles: [viewer], groups: [sales], attributes: { region: north } }
grants:
  - id: sales-a
    tenant: acme
    dataset: orders
    subject: { group: sales }
    rows: { entity: A }
    withhold: [margin]
`
const env = { ANN_PASSWORD: 'violet-kettle-harbour' }

async function applied(t: Parameters<typeof smallPlace>[0]) {
  const here = smallPlace(t, env)
  here.write('directory.yaml', directory)
  const first = await here.run('apply', '-f', 'directory.yaml')
  assert.equal(first.code, 0, first.err)
  return { here, first }
}

// Each test runs programs in a folder of its own.
suite('apply', { concurrency: 4 }, () => {
  test('applies a file once and finds no difference the second time', async (t) => {
    const { here, first } = await applied(t)
    assert.deepEqual(first.out.trimEnd().split('\n'), [
      '+ tenant acme: Acme',
      '+ group sales in acme: sales',
      '+ account ann@acme.example: Ann',
      '+ password of ann@acme.example',
      '+ membership ann@acme.example in acme: roles viewer, groups sales',
      '+ grant sales-a in acme: permit read orders where {"entity":"A"} without margin',
      '6 changes made',
    ])
    const second = await here.run('apply', '-f', 'directory.yaml')
    assert.deepEqual(second, { code: 0, out: 'nothing to change\n', err: '' })
  })

  test('a dry run prints the difference and makes none of it', async (t) => {
    const here = smallPlace(t, env)
    here.write('directory.yaml', directory)
    const { value } = await here.json('apply', '-f', 'directory.yaml', '--dry-run')
    assert.equal(member(value, 'applied'), false)
    assert.equal(member(value, 'changes', 'length'), 6)
    assert.deepEqual(await (await storeOf(t, here)).accounts({}), [])
  })

  test('changes what differs and says how; what the file leaves out stays', async (t) => {
    const { here } = await applied(t)
    await here.run('account', 'disable', 'ann@acme.example')
    here.write(
      'directory.yaml',
      directory.replace('name: Ann', 'name: Anna').replace('groups: [sales], ', '').replace('entity: A', 'entity: B'),
    )
    const { out } = await here.run('apply', '-f', 'directory.yaml')
    assert.deepEqual(out.trimEnd().split('\n'), [
      '~ account ann@acme.example: name "Ann" -> "Anna"',
      '~ membership ann@acme.example in acme: groups ["sales"] -> []',
      '~ grant sales-a in acme: rows {"entity":"A"} -> {"entity":"B"}',
      '3 changes made',
    ])
    const { value } = await here.json('account', 'show', 'ann@acme.example')
    assert.equal(member(value, 'state'), 'disabled')
  })

  test('a changed password ends what the account was signed in with; its hash is never printed', async (t) => {
    const { here } = await applied(t)
    const before = member((await here.json('account', 'show', 'ann@acme.example')).value, 'epoch')
    const hash = await hashPassword('amber-compass-glacier')
    here.write('directory.yaml', directory.replace('password: "${ANN_PASSWORD}"', `passwordHash: ${hash}`))
    const { out } = await here.run('apply', '-f', 'directory.yaml')
    assert.equal(out, '~ password of ann@acme.example\n1 change made\n')
    assert.equal((await here.run('apply', '-f', 'directory.yaml')).out, 'nothing to change\n')
    const after = member((await here.json('account', 'show', 'ann@acme.example')).value, 'epoch')
    assert.equal(after, Number(before) + 1)
  })

  test('removes nothing unless the file says prune, and then only inside its own tenants', async (t) => {
    const { here } = await applied(t)
    await here.run('tenant', 'add', 'globex')
    await here.run('group', 'add', 'north', '--tenant', 'globex')
    const [upToGrants = ''] = directory.split('grants:')
    const smaller = upToGrants
      .replace('  - { tenant: acme, id: sales }', '')
      .replace('groups:\n', '')
      .replace('groups: [sales], ', '')
    here.write('directory.yaml', smaller)
    const kept = await here.run('apply', '-f', 'directory.yaml')
    assert.doesNotMatch(kept.out, /^- /m)
    here.write('directory.yaml', `prune: true\n${smaller}`)
    const { out } = await here.run('apply', '-f', 'directory.yaml')
    assert.deepEqual(out.trimEnd().split('\n'), ['- grant sales-a in acme', '- group sales in acme', '2 changes made'])
    assert.equal(member((await here.json('group', 'list')).value, 0, 'id'), 'north')
  })

  const faults: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    [
      'an unknown key',
      (text) => text.replace('name: Ann', 'nam: Ann'),
      /accounts\[0\]\.nam: unknown key; did you mean "name"\?/,
    ],
    [
      'a mask with an undeclared field',
      (text) => text.replace('{ entity: A }', '{ $and: [{ entity: A }, { entty: B }] }'),
      /:17:\d+ grants\[0\]\.rows\.\$and\[1\]\.entty: orders declares no such field/,
    ],
    [
      'an undeclared dataset',
      (text) => text.replace('dataset: orders', 'dataset: order'),
      /grants\[0\]\.dataset: the configuration declares no dataset "order"; did you mean "orders"\?/,
    ],
    [
      'an undeclared field to withhold',
      (text) => text.replace('[margin]', '[marge]'),
      /grants\[0\]\.withhold\[0\]: orders declares no field "marge"/,
    ],
    [
      'a group that is nowhere',
      (text) => text.replace('groups: [sales]', 'groups: [sale]'),
      /memberships\[0\]\.groups\[0\]: tenant "acme" has no group "sale"/,
    ],
    [
      'a tenant that is nowhere',
      (text) => text.replace('{ tenant: acme, id: sales }', '{ tenant: acm, id: sales }'),
      /groups\[0\]\.tenant: there is no tenant "acm"/,
    ],
    [
      'a grant to an account that is nowhere',
      (text) => text.replace('{ group: sales }', '{ account: eve@acme.example }'),
      /grants\[0\]\.subject\.account: there is no such account/,
    ],
    [
      'an address that is none',
      (text) => text.replace('Ann@Acme.example', 'ann'),
      /accounts\[0\]\.email: "ann" is no e-mail address/,
    ],
    [
      'a weak password',
      (text) => text.replace('"${ANN_PASSWORD}"', 'short'),
      /accounts\[0\]\.password: at least 15 characters/,
    ],
    [
      'a hash that is none',
      (text) => text.replace('password: "${ANN_PASSWORD}"', 'passwordHash: abc'),
      /accounts\[0\]\.passwordHash: must be an argon2id hash/,
    ],
    [
      'a variable that is not set',
      (text) => text.replace('ANN_PASSWORD', 'NOT_SET'),
      /accounts\[0\]\.password: \$\{NOT_SET\} is not set/,
    ],
    [
      'an account listed twice',
      (text) => text.replace('grants:', '  - { email: ann@ACME.example }\ngrants:'),
      /accounts\[1\]: is listed twice/,
    ],
  ]

  for (const [what, change, expected] of faults) {
    test(`refuses ${what} with its place, and changes nothing`, async (t) => {
      const here = smallPlace(t, env)
      here.write('directory.yaml', change(directory))
      const { code, out, err } = await here.run('apply', '-f', 'directory.yaml')
      assert.deepEqual([code, out], [2, ''], err)
      assert.match(err, /^directory\.yaml:\d+:\d+ /)
      assert.match(err, expected)
      assert.deepEqual(await (await storeOf(t, here)).tenants(), [])
    })
  }

  test('a password from the environment is not shown when it is refused', async (t) => {
    const here = smallPlace(t, { ANN_PASSWORD: 'hunter2-x' })
    here.write('directory.yaml', directory)
    const { code, err } = await here.run('apply', '-f', 'directory.yaml')
    assert.equal(code, 2)
    assert.doesNotMatch(err, /hunter2/)
  })
})
