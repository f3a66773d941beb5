import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { protectConfig } from '../../src/config/defaults.ts'
import { toJsonSchema, toReference } from '../../src/config/generate.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { root, type SchemaNode } from '../../src/config/schema-node.ts'

const fileOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

describe('keeps what is generated in step', () => {
  it('with the JSON Schema for editors', async () => {
    assert.equal(await readFile(fileOf('config/sallyport.schema.json'), 'utf8'), toJsonSchema(root))
  })
  it('with the reference page', async () => {
    assert.equal(await readFile(fileOf('docs/configuration.md'), 'utf8'), toReference(root))
  })
})

describe('describes every key', () => {
  it('closes every map and describes every property', () => {
    const faults: string[] = []
    visit(root, '', faults)
    assert.deepEqual(faults, [])
  })
})

function visit(node: SchemaNode, name: string, faults: string[]): void {
  if (node.type === 'object' && Reflect.get(node, 'additionalProperties') !== false) faults.push(`${name} is open`)
  for (const [key, child] of Object.entries({ ...node.properties, ...node.patternProperties })) {
    if (child.description === undefined) faults.push(`${name}.${key} has no description`)
    visit(child, `${name}.${key}`, faults)
  }
  for (const branch of node.anyOf ?? []) visit(branch, name, faults)
  if (node.items !== undefined) visit(node.items, `${name}[]`, faults)
}

describe('ships configurations that work', () => {
  it('accepts the example', async () => {
    const config = await loadConfig(fileOf('config/example.yaml'), { SALLYPORT_STORE_PASSWORD: 'test-only' })
    assert.deepEqual(
      config.apps.map(({ id }) => id),
      ['orders', 'reports'],
    )
  })

  it('refuses the example without its variable', async () => {
    await assert.rejects(loadConfig(fileOf('config/example.yaml'), {}), ConfigError)
  })

  it('protects an app with sign-in everywhere', () => {
    const config = protectConfig({ upstream: 'http://127.0.0.1:3000', port: 8080, adminPort: 9090 })
    const [app] = config.apps
    assert.equal(config.publicUrl, 'http://127.0.0.1:8080')
    assert.deepEqual(
      app?.routes.map(({ path, access }) => [path, access.kind]),
      [['/**', 'member']],
    )
    assert.equal(app?.websocket, true)
  })

  for (const upstream of ['ftp://x', 'http://127.0.0.1/base', '${HOME}', 'file:/etc/hostname']) {
    it(`refuses to protect ${upstream}`, () => {
      assert.throws(() => protectConfig({ upstream, port: 8080, adminPort: 9090 }), ConfigError)
    })
  }
})
