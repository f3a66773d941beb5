import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { member, type Place, smallPlace, storeOf } from './support.ts'

const people = `
tenants: [{ id: acme, name: Acme }]
groups: [{ tenant: acme, id: sales }]
accounts:
  - { email: ann@acme.example, memberships: [{ tenant: acme, roles: [viewer], groups: [sales] }] }
  - { email: bob@acme.example, memberships: [{ tenant: acme, roles: [viewer] }] }
  - { email: eve@else.example }
`

async function withPeople(t: Parameters<typeof smallPlace>[0]): Promise<Place> {
  const here = smallPlace(t)
  here.write('people.yaml', people)
  const { code, err } = await here.run('apply', '-f', 'people.yaml')
  assert.equal(code, 0, err)
  return here
}

const grantOf = (...more: readonly string[]) => ['grant', 'add', '--tenant', 'acme', '--dataset', 'orders', ...more]

// Each test runs programs in a folder of its own.
suite('grants, shares and validity on the command line', { concurrency: 4 }, () => {
  test('a share names its sharer, and is listed and shown with them and its time', async (t) => {
    const here = await withPeople(t)
    const span = ['--valid-from', '2030-01-31T00:00:00Z', '--valid-until', '2031-01-31T00:00:00Z']
    const share = ['--id', 'share', '--rows', 'true', '--group', 'sales', '--shared-by', 'Bob@acme.example']
    const { code, value } = await here.json(...grantOf(...share, ...span))
    assert.equal(code, 0)
    const store = await storeOf(t, here)
    const bob = await store.accountByEmail('bob@acme.example')
    assert.equal(member(value, 'sharedBy'), bob?.id)
    assert.deepEqual(
      [member(value, 'validFrom'), member(value, 'validUntil')],
      [Date.UTC(2030, 0, 31), Date.UTC(2031, 0, 31)],
    )
    const list = await here.run('grant', 'list')
    assert.match(list.out, /^TENANT .* SHARED BY +VALID\n/)
    assert.match(list.out, /bob@acme\.example +2030-01-31T00:00:00Z to 2031-01-31T00:00:00Z\n$/)
    const shown = await here.run('grant', 'show', 'share', '--tenant', 'acme')
    assert.match(shown.out, /\nshared by +bob@acme\.example\nvalid +2030-01-31T00:00:00Z to 2031/)
    const changes = ['--shared-by', 'none', '--valid-from', 'none', '--valid-until', 'none']
    const set = await here.json('grant', 'set', 'share', '--tenant', 'acme', ...changes)
    const { value: changed } = set
    for (const name of ['sharedBy', 'validFrom', 'validUntil']) assert.equal(member(changed, name), undefined)
  })

  test('a share that nobody could keep is refused, and so is a time that does not exist', async (t) => {
    const here = await withPeople(t)
    const by = ['--rows', 'true', '--shared-by']
    const lines: readonly (readonly [number, RegExp, readonly string[]])[] = [
      [1, /not restrictions/, [...by, 'bob@acme.example', '--group', 'sales', '--effect', 'restrict']],
      [1, /nobody shares with everyone/, [...by, 'bob@acme.example', '--everyone']],
      [1, /eve@else\.example is no member of acme/, [...by, 'eve@else.example', '--group', 'sales']],
      [1, /eve@else\.example is no member of acme/, ['--rows', 'true', '--account', 'eve@else.example']],
      [1, /there is no account/, [...by, 'zoe@acme.example', '--group', 'sales']],
      [2, /--valid-from must be a time/, ['--rows', 'true', '--everyone', '--valid-from', '2030-02-30T00:00:00Z']],
      [2, /--valid-until must be a time/, ['--rows', 'true', '--everyone', '--valid-until', '2030-01-31 00:00']],
      [
        2,
        /ends before it begins/,
        [
          '--rows',
          'true',
          '--everyone',
          '--valid-from',
          '2030-01-01T00:00:00Z',
          '--valid-until',
          '2030-01-01T00:00:00Z',
        ],
      ],
    ]
    const outcomes = await Promise.all(lines.map(([, , line]) => here.run(...grantOf(...line))))
    for (const [i, { code, err }] of outcomes.entries()) {
      const [wanted, reason, line] = lines[i] ?? []
      assert.equal(code, wanted, `${line?.join(' ')}: ${err}`)
      assert.match(err, reason ?? /never/)
    }
    assert.deepEqual(await (await storeOf(t, here)).grants('acme'), [])
  })

  test('a membership has a time, which is shown, and taken back', async (t) => {
    const here = await withPeople(t)
    const set = (...more: readonly string[]) => here.run('account', 'set', 'ann@acme.example', ...more)
    const limited = await set('--tenant', 'acme', '--valid-until', '2031-01-31T00:00:00Z')
    assert.match(limited.out, /member of +acme: roles viewer, groups sales, valid to 2031-01-31T00:00:00Z\n/)
    const kept = await set('--tenant', 'acme', '--role', 'editor')
    assert.match(kept.out, /roles editor, groups sales, valid to 2031/)
    assert.doesNotMatch((await set('--tenant', 'acme', '--valid-until', 'none')).out, /valid/)
    assert.equal((await set('--valid-until', 'none')).code, 2)
  })

  test('what everybody has is no attribute of a membership', async (t) => {
    const here = await withPeople(t)
    const set = (attribute: string) =>
      here.run('account', 'set', 'ann@acme.example', '--tenant', 'acme', '--attribute', attribute)
    for (const name of ['tenant', 'account', 'email', 'roles', 'groups']) {
      const { code, err } = await set(`${name}=x`)
      assert.equal(code, 2)
      assert.match(err, new RegExp(`--attribute ${name}: everybody has it already`))
    }
    assert.equal((await set('Tenant=x')).code, 0)
    assert.equal((await set('levels:=[1,2]')).code, 0)
    assert.match((await set('levels:=[[1]]')).err, /a string, a number, true, false or a list of them/)
  })

  test('an attribute is what the configuration declares it to be', async (t) => {
    const here = await withPeople(t)
    const { smallConfig } = await import('./support.ts')
    here.write('sallyport.yaml', `${smallConfig}\nattributes: { region: string, levels: "integer[]" }\n`)
    const set = (attribute: string) =>
      here.run('account', 'set', 'ann@acme.example', '--tenant', 'acme', '--attribute', attribute)
    assert.match((await set('regoin=north')).err, /declares no such attribute; did you mean "region"\?/)
    assert.match((await set('levels=1')).err, /must be integer\[\], as the configuration declares it/)
    assert.equal((await set('levels:=[1,2]')).code, 0)
    here.write('file.yaml', people.replace('roles: [viewer] }', 'roles: [viewer], attributes: { region: 7 } }'))
    const { code, err } = await here.run('apply', '-f', 'file.yaml')
    assert.equal(code, 2)
    assert.match(err, /accounts\[1\]\.memberships\[0\]\.attributes\.region: must be string/)
  })

  test('a tenant says how people may sign in', async (t) => {
    const here = smallPlace(t)
    const added = await here.json('tenant', 'add', 'acme', '--sign-in', 'saml', '--sign-in', 'key')
    assert.deepEqual(member(added.value, 'signIn'), ['key', 'saml'])
    assert.match((await here.run('tenant', 'list')).out, /^ID +NAME +SIGN-IN\nacme +acme +key saml\n$/)
    await here.run('tenant', 'set', 'acme', '--name', 'Acme')
    assert.match((await here.run('tenant', 'show', 'acme')).out, /\nsign-in +key saml\n/)
    assert.equal((await here.run('tenant', 'set', 'acme', '--sign-in', 'palm')).code, 2)
    const open = await here.json('tenant', 'set', 'acme', '--sign-in', 'any')
    assert.deepEqual(member(open.value, 'signIn'), [])
  })
})

const grants = `
grants:
  - { id: a, tenant: acme, dataset: orders, subject: everyone, rows: true }
  - { id: b, tenant: acme, dataset: orders, subject: everyone, rows: true }
  - { id: c, tenant: acme, dataset: orders, subject: everyone, rows: true }
  - id: share
    tenant: acme
    dataset: orders
    subject: { account: ann@acme.example }
    sharedBy: Bob@acme.example
    validUntil: 2031-01-31T00:00:00Z
    rows: { $or: [{ entity: A }, { amount: { $gt: 10 } }] }
`

suite('grants, shares and demands in a directory file', { concurrency: 4 }, () => {
  test('are applied once, and changed where they differ', async (t) => {
    const here = smallPlace(t)
    here.write('file.yaml', `${people.replace('name: Acme', 'name: Acme, signIn: [saml, password]')}${grants}`)
    const first = await here.run('apply', '-f', 'file.yaml')
    assert.equal(first.code, 0, first.err)
    assert.match(first.out, /\+ grant share in acme: permit read orders where .* shared by bob@acme\.example\n/)
    assert.equal((await here.run('apply', '-f', 'file.yaml')).out, 'nothing to change\n')
    const store = await storeOf(t, here)
    const share = (await store.grants('acme')).find(({ id }) => id === 'share')
    assert.equal(share?.sharedBy, (await store.accountByEmail('bob@acme.example'))?.id)
    assert.equal(share?.validUntil, Date.UTC(2031, 0, 31))
    assert.deepEqual((await store.tenant('acme'))?.signIn, ['password', 'saml'])
    here.write('file.yaml', `${people}${grants.replace('    sharedBy: Bob@acme.example\n', '')}`)
    const { out } = await here.run('apply', '-f', 'file.yaml')
    assert.match(out, /^~ grant share in acme: sharedBy "acc_[0-9a-f]{32}" -> none\n1 change made\n$/)
    here.write('file.yaml', people.replace('name: Acme', 'name: Acme, signIn: []'))
    assert.equal(
      (await here.run('apply', '-f', 'file.yaml')).out,
      '~ tenant acme: signIn ["password","saml"] -> []\n1 change made\n',
    )
  })

  const faults: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    [
      'an operand of another type',
      (text) => text.replace('$gt: 10', '$gt: "10"'),
      /^file\.yaml:\d+:\d+ grants\[3\]\.rows\.\$or\[1\]\.amount: \$gt needs a number, got "10"$/m,
    ],
    [
      'a sharer who is no member',
      (text) => text.replace('sharedBy: Bob@acme', 'sharedBy: eve@else'),
      /grants\[3\]\.sharedBy: the account is no member of "acme"/,
    ],
    [
      'a sharer who is nobody',
      (text) => text.replace('sharedBy: Bob@acme', 'sharedBy: zoe@acme'),
      /grants\[3\]\.sharedBy: there is no such account/,
    ],
    [
      'a sharer whose address is none',
      (text) => text.replace('sharedBy: Bob@acme.example', 'sharedBy: bobacme'),
      /grants\[3\]\.sharedBy: "bobacme" is no e-mail address/,
    ],
    [
      'a restriction that is shared',
      (text) => text.replace('    sharedBy', '    effect: restrict\n    sharedBy'),
      /grants\[3\]\.sharedBy: only rows are shared, not restrictions/,
    ],
    [
      'a share with everyone',
      (text) => text.replace('subject: { account: ann@acme.example }', 'subject: everyone'),
      /grants\[3\]\.sharedBy: nobody shares with everyone/,
    ],
    [
      'a subject who is no member',
      (text) => text.replace('account: ann@acme', 'account: eve@else'),
      /grants\[3\]\.subject\.account: the account is no member of "acme"/,
    ],
    [
      'a day that does not exist',
      (text) => text.replace('2031-01-31', '2031-02-29'),
      /grants\[3\]\.validUntil: is no time that exists/,
    ],
    [
      'an attribute that everybody has',
      (text) => text.replace('roles: [viewer] }', 'roles: [viewer], attributes: { groups: [x] } }'),
      /attributes\.groups: everybody has it already/,
    ],
    [
      'a way to sign in that is none',
      (text) => text.replace('name: Acme', 'name: Acme, signIn: [palm]'),
      /tenants\[0\]\.signIn\[0\]: must be one of password, saml, oidc, key/,
    ],
  ]
  for (const [what, change, message] of faults) {
    test(`refuses ${what}, and changes nothing`, async (t) => {
      const here = smallPlace(t)
      const text = `${people}${grants}`
      assert.notEqual(change(text), text)
      here.write('file.yaml', change(text))
      const { code, err } = await here.run('apply', '-f', 'file.yaml')
      assert.equal(code, 2, err)
      assert.match(err, message)
      assert.deepEqual(await (await storeOf(t, here)).tenants(), [])
    })
  }
})
