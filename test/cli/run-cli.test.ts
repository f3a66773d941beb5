import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { place, smallConfig, smallPlace } from './support.ts'

// Each test runs programs in a folder of its own.
suite('the command line', { concurrency: 4 }, () => {
  test('says its version, its commands, and the usage of one', async (t) => {
    const here = place(t)
    assert.match((await here.run('--version')).out, /^\d+\.\d+\.\d+\n$/)
    const overview = await here.run('--help')
    assert.equal(overview.code, 0)
    for (const name of [
      'serve',
      'check',
      'explain',
      'apply',
      'account',
      'tenant',
      'group',
      'grant',
      'key',
      'ban',
      'audit',
      'migrate',
    ]) {
      assert.match(overview.out, new RegExp(`^  ${name} `, 'm'))
    }
    const usage = await here.run('help', 'explain')
    assert.match(usage.out, /--account EMAIL --tenant T --method M --path P/)
    assert.deepEqual(await here.run('explain', '--help'), usage)
  })

  test('refuses an unknown command with exit code 2 and the nearest name, in one line', async (t) => {
    const { code, out, err } = await place(t).run('aply')
    assert.deepEqual([code, out], [2, ''])
    assert.equal(err, 'sallyport: there is no command aply; did you mean "apply"?\n')
  })

  test('refuses an unknown option, a missing word, a word too many', async (t) => {
    const here = smallPlace(t)
    const lines = [
      ['check', '--confg', 'x'],
      ['account', 'show'],
      ['account', 'list', 'more'],
      ['account'],
      ['account', 'lst'],
      ['tenant', 'add', 'a b'],
      ['serve', '--port', '70000'],
    ]
    const outcomes = await Promise.all(lines.map((line) => here.run(...line)))
    for (const [i, { code, err }] of outcomes.entries()) {
      assert.equal(code, 2, `${lines[i]?.join(' ')}: ${err}`)
      assert.match(err, /^sallyport: .+\n$/)
    }
  })

  test('serve with nothing to serve is bad usage, and says what to do', async (t) => {
    const { code, err } = await place(t).run('serve')
    assert.equal(code, 2)
    assert.match(err, /--config FILE .*--upstream URL/)
  })

  test('serve takes an upstream or a configuration, not both', async (t) => {
    const { code } = await smallPlace(t).run('--upstream', 'http://127.0.0.1:1', '--config', 'sallyport.yaml')
    assert.equal(code, 2)
  })

  test('check accepts a configuration and counts what is in it', async (t) => {
    const here = smallPlace(t)
    assert.deepEqual(await here.run('check'), { code: 0, out: 'ok: 1 app, 3 routes, 1 dataset\n', err: '' })
    assert.deepEqual(await here.json('check'), { code: 0, value: { ok: true, apps: 1, routes: 3, datasets: 1 } })
  })

  test('check lists every problem with its place, and exits with 2', async (t) => {
    const here = place(t)
    const broken = smallConfig.replace('dataset: orders', 'dataset: order').replace('access: public', 'acess: public')
    here.write('other.yaml', broken)
    const { code, out, err } = await here.run('check', '--config', 'other.yaml')
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^other\.yaml:\d+:\d+ apps\[0\]\.routes\[2\]\.acess: unknown key; did you mean "access"\?$/m)
    assert.match(err, /^other\.yaml:\d+:\d+ apps\[0\]\.routes\[2\]\.access: is missing$/m)
    const { value } = await here.json('check', '--config', 'other.yaml')
    assert.equal(typeof value === 'object' && value !== null && 'ok' in value && value.ok, false)
  })

  test('check holds a base mask to its dataset, at the line of the fault', async (t) => {
    const here = place(t)
    here.write(
      'sallyport.yaml',
      smallConfig.replace(
        'tenant: account\n',
        'tenant: account\n    base:\n      $or:\n        - { entity: A }\n        - { amont: 3 }\n',
      ),
    )
    const { code, err } = await here.run('check')
    assert.equal(code, 2)
    assert.match(
      err,
      /^sallyport\.yaml:10:\d+ datasets\.orders\.base\.\$or\[1\]\.amont: orders declares no such field$/m,
    )
  })

  test('a configuration that cannot be read is exit code 2', async (t) => {
    const { code, err } = await place(t).run('check', '--config', 'absent.yaml')
    assert.equal(code, 2)
    assert.match(err, /absent\.yaml:1:1 there is no such file/)
  })

  test('the configuration and the directory of the demo are sound', async (t) => {
    const here = place(t)
    assert.equal((await here.run('check', '--demo')).out, 'ok: 2 apps, 12 routes, 1 dataset\n')
  })

  test('migrate brings a new database to this version, and then has nothing to do', async (t) => {
    const here = smallPlace(t)
    assert.match((await here.run('migrate')).out, /^applied 001/)
    assert.equal((await here.run('migrate')).out, 'nothing to do\n')
  })

  test('a stack is shown only to those who ask for it', async (t) => {
    const quiet = await place(t).run('account', 'list')
    assert.doesNotMatch(quiet.err, /at /)
    const loud = await place(t, { SALLYPORT_DEBUG: '1' }).run('account', 'list')
    assert.match(loud.err, /\n {4}at /)
  })
})
