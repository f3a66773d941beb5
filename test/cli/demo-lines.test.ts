import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { demoDirectoryFile } from '../../src/cli/demo/demo-config.ts'
import { demoCommands, demoLines, demoPeople } from '../../src/cli/demo/demo-lines.ts'
import { parseSource } from '../../src/config/document.ts'
import { member } from './support.ts'

const addresses = {
  url: 'http://127.0.0.1:8080',
  adminUrl: 'http://127.0.0.1:9090',
  upstreams: { orders: 'http://127.0.0.1:3001', legacy: 'http://127.0.0.1:3002' },
  name: 'npm start --',
}

test('the printed accounts are the ones of the directory file, password by password', () => {
  const accounts = member(parseSource(readFileSync(demoDirectoryFile, 'utf8')).value, 'accounts')
  assert.ok(Array.isArray(accounts))
  const written = accounts.map((account) => [member(account, 'email'), member(account, 'password')])
  assert.deepEqual(
    demoPeople.map(({ email, password }) => [email, password]),
    written,
  )
  for (const [i, { sees }] of demoPeople.entries())
    assert.equal(member(accounts[i], 'memberships', 'length'), sees.length)
})

test('prints the commands exactly as they are to be pasted, and where to look', () => {
  const text = demoLines(addresses)
  for (const { command } of demoCommands(addresses.url)) assert.ok(text.includes(`\n  ${command}\n`))
  const { url, adminUrl, upstreams } = addresses
  for (const part of [url, adminUrl, ...Object.values(upstreams), ...demoPeople.map(({ email }) => email)])
    assert.ok(text.includes(part))
})
