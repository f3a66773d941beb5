import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type ErrorCode, errorCodes, statusOf, titleOf } from '../../src/errors.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/errors.md', root), 'utf8')
const rows = [
  ...page.matchAll(/^\| `(?<code>ERR_\w+)` \| (?<status>\d{3}) (?<title>[^|]+?) \| (?<meaning>[^|]+?) \|/gm),
]

describe('docs/errors.md', () => {
  it('lists every code of the registry once, in its order, and no other', () => {
    assert.deepEqual(
      rows.map((row) => row.groups?.['code']),
      errorCodes,
    )
  })

  it('gives the status and the title a client really sees', () => {
    for (const row of rows) {
      const code = row.groups?.['code'] as ErrorCode // the test above holds it to the registry
      assert.equal(row.groups?.['status'], String(statusOf(code)), code)
      assert.equal(row.groups?.['title'], titleOf(code), code)
    }
  })

  it('has no code that nothing throws', () => {
    const source = globSync('src/**/*.ts', { cwd: root })
      .filter((file) => file !== 'src/errors.ts')
      .map((file) => readFileSync(new URL(file, root), 'utf8'))
      .join('\n')
    assert.deepEqual(
      errorCodes.filter((code) => !source.includes(`'${code}'`)),
      [],
    )
  })
})
