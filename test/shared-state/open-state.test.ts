import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { openSharedState } from '../../src/shared-state/open-state.ts'

test('opens state in memory and in Redis by the scheme of the URL', async () => {
  for (const url of ['memory:', 'redis://127.0.0.1:1', 'rediss://user:secret@127.0.0.1:1/3', 'redis://[::1]:1']) {
    await openSharedState(url, systemClock).close()
  }
})

test('refuses other schemes and what it would have to guess, without repeating the URL', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['redis+sentinel://:secret@h', /redis\+sentinel: is not supported yet/],
    ['redis+cluster://:secret@h', /redis\+cluster: is not supported yet/],
    ['http://:secret@h', /http: is none of/],
    ['', /not a URL/],
    ['redis://:secret@', /not a URL|no host/],
    ['redis://:secret@h/seven', /number of a database/],
    ['redis://:secret@h/?tls=false', /no query/],
  ]
  for (const [url, reason] of refused) {
    assert.throws(
      () => openSharedState(url, systemClock),
      (error: Error) => reason.test(error.message) && !error.message.includes('secret'),
      url,
    )
  }
})
