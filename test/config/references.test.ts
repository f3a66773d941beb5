import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { changed, good, parse, problemsOf, refuseFile } from './support.ts'

const store = (url: string): string => changed('"sqlite:data/test.db"', JSON.stringify(url))

/** What the store's address was read as. */
function storeOf(url: string, env: Record<string, string>, files: Record<string, string> = {}): string {
  const readFile = (path: string): string => files[path] ?? refuseFile()
  const config = parse(store(url), { env, readFile }).store
  return config.kind === 'sqlite' ? `sqlite:${config.file}` : config.url.reveal()
}

describe('resolves references', () => {
  it('fills in a part of a string', () => {
    assert.equal(storeOf('postgres://${USER}:${PW}@db/x', { USER: 'me', PW: 'hush' }), 'postgres://me:hush@db/x')
  })
  it('fills in a whole string', () => assert.equal(storeOf('${URL}', { URL: 'sqlite:x' }), 'sqlite:x'))
  it('takes $${ for a plain ${', () => assert.equal(storeOf('sqlite:$${URL}', {}), 'sqlite:${URL}'))
  it('leaves a plain $ alone', () => assert.equal(storeOf('sqlite:$URL', { URL: 'no' }), 'sqlite:$URL'))
  it('does not read what it filled in again', () => {
    assert.equal(storeOf('sqlite:${A}', { A: '${B}', B: 'no' }), 'sqlite:${B}')
    assert.deepEqual(problemsOf(store('${A}'), { env: { A: 'file:/secret' }, readFile: () => 'sqlite:x' }), [
      '4:15 store.url: must be sqlite:FILE or postgres://...',
    ])
  })
  it('reads a file without its last line break', () => {
    assert.equal(storeOf('file:/run/url', {}, { '/run/url': 'sqlite:x\n' }), 'sqlite:x')
    assert.equal(storeOf('file:///run/url', {}, { '/run/url': 'sqlite:x\r\n' }), 'sqlite:x')
    assert.equal(storeOf('file:/run/${N}', { N: 'url' }, { '/run/url': 'sqlite:x\n\n' }), 'sqlite:x\n')
  })
  it('takes file: without a slash, and other schemes, for what they are', () => {
    assert.equal(storeOf('sqlite:file:/x', {}), 'sqlite:file:/x')
  })
})

const readEmpty = (path: string): string => (path === '/empty' ? '\n' : refuseFile())

describe('refuses references that lead nowhere', () => {
  const refusals: readonly (readonly [string, string])[] = [
    ['${NOWHERE}', '${NOWHERE} is not set in the environment'],
    ['${toString}', '${toString} is not set in the environment'],
    ['sqlite:${EMPTY}', '${EMPTY} is empty'],
    ['${}', 'a reference is written ${NAME}; write $${ for a plain ${'],
    ['${a-b}', 'a reference is written ${NAME}; write $${ for a plain ${'],
    ['${A', 'a reference is written ${NAME}; write $${ for a plain ${'],
    ['file:/nowhere', 'the file it refers to cannot be read (ENOENT)'],
    ['file:/empty', 'the file it refers to is empty'],
  ]
  for (const [url, message] of refusals) {
    it(`refuses ${url}`, () => {
      assert.deepEqual(problemsOf(store(url), { env: { EMPTY: '', A: 'x' }, readFile: readEmpty }), [
        `4:15 store.url: ${message}`,
      ])
    })
  }
})

describe('keeps what it resolved to itself', () => {
  const secret = 'Swordfish31337'
  const places: readonly (readonly [string, string])[] = [
    ['"sqlite:data/test.db"', '"${S}"'],
    ['tenant: account', 'tenant: "${S}"'],
    ['dataset: orders', 'dataset: "${S}"'],
    ['onViolation: drop', 'onViolation: "${S}"'],
    ['path: / }', 'path: "/${S}" }'],
    ['[http://10.0.0.5:3000]', '["${S}"]'],
    ['https://edge.example.com', 'file:/secret'],
    ['idle: 8h', 'idle: "${S}"'],
    ['[10.0.0.0/8]', '["${S}"]'],
    ['{ roles: [viewer] }', '"${S}"'],
    ['at: /meta/owner', 'at: "${S}"'],
    ['at: [/items/*]', 'at: ["${S}"]'],
    ['[orders.example.com]', '["${S}:1"]'],
  ]
  for (const [before, after] of places) {
    it(`does not show the value of ${after}`, () => {
      const problems = problemsOf(changed(before, after), { env: { S: secret }, readFile: () => secret })
      assert.ok(problems.length > 0)
      assert.ok(!problems.join().toLowerCase().includes(secret.toLowerCase()), problems.join())
    })
  }

  it('does not show the address of a store when the configuration is printed', () => {
    const config = parse(store('postgres://me:${S}@db/x'), { env: { S: secret } })
    const shown = `${inspect(config, { depth: 9, showHidden: true })}${JSON.stringify(config)}${String(config.store.kind === 'postgres' ? config.store.url : '')}`
    assert.ok(!shown.includes(secret))
    assert.ok(shown.includes('[secret]'))
  })

  it('accepts the document without references', () => assert.deepEqual(problemsOf(good), []))
})
