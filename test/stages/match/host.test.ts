import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseHost } from '../../../src/stages/match/host.ts'

const accepted = [
  ['app.example', 'app.example'],
  ['APP.Example', 'app.example'],
  ['app.example.', 'app.example'],
  ['app.example:443', 'app.example'],
  ['App.Example.:8080', 'app.example'],
  ['localhost', 'localhost'],
  ['a', 'a'],
  ['my_app-1.example', 'my_app-1.example'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[::FFFF:1.2.3.4]:443', '[::ffff:1.2.3.4]'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
] as const

const refused = [
  '',
  ' ',
  '.',
  ':80',
  'app.example:',
  'app.example:x',
  'app.example:123456',
  'app.example:1:2',
  'app.example..',
  'app..example',
  '.app.example',
  '-app.example',
  'app.example/',
  'app.example/#',
  'app.example#',
  'app.example?',
  'app.example\\',
  'user@app.example',
  'app.example, other.example',
  'app example',
  ' app.example',
  'app.example ',
  'app.example\t',
  '%61pp.example',
  'b\u00fccher.example',
  'app.example\u0000',
  '::1',
  '[::1',
  '[]',
  '[::1]x',
  '[::1%eth0]',
  'a'.repeat(256),
]

describe('a Host', () => {
  for (const [text, host] of accepted) {
    it(`${text} is ${host}`, () => {
      assert.equal(parseHost(text), host)
      assert.equal(parseHost(host), host)
    })
  }

  for (const text of [...refused, undefined]) {
    it(`${JSON.stringify(text?.slice(0, 40)) ?? 'that is missing'} is refused`, () => {
      assert.throws(() => parseHost(text), { code: 'ERR_HOST_INVALID' })
    })
  }
})
