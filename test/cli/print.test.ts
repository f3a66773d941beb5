import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ourName } from '../../src/cli/print.ts'

test('a command that is printed begins as the one that was typed', () => {
  assert.equal(ourName({ npm_lifecycle_event: 'start', npm_command: 'start' }), 'npm start --')
  assert.equal(ourName({ npm_lifecycle_event: 'npx', npm_command: 'exec' }), 'npx sallyport')
  assert.equal(ourName({}), 'sallyport')
})
