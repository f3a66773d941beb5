import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEdge } from '../../src/app.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfig } from '../../src/config/load.ts'
import { tempFolder } from '../support/temp.ts'

function configIn(folder: string): Config {
  const source = {
    publicUrl: 'http://127.0.0.1:8080',
    listen: { port: 0 },
    admin: { port: 0 },
    store: { url: `sqlite:${join(folder, 'store.db')}` },
    keys: { file: join(folder, 'keys.json') },
    audit: { file: join(folder, 'audit.jsonl') },
    datasets: { orders: { tenant: 'account', fields: { account: 'string' } } },
    apps: [
      {
        id: 'orders',
        upstreams: ['http://127.0.0.1:1'],
        routes: [
          { methods: ['GET'], path: '/orders', access: 'member', dataset: 'orders', rows: { at: ['/items/*'] } },
        ],
      },
    ],
  }
  return parseConfig(JSON.stringify(source), { file: 'test', env: {}, readFile: () => '' })
}

/** What no configuration file can say: everything beside the way to the canary's row is let through. */
function leaky(config: Config): Config {
  const apps = config.apps.map((app) => ({
    ...app,
    routes: app.routes.map((route) =>
      route.dataset === undefined ? route : { ...route, rows: { ...route.rows, keep: [['sallyport-canary']] } },
    ),
  }))
  return { ...config, apps }
}

test('an edge whose filter lets the canary live does not start', async (t) => {
  const config = configIn(tempFolder(t))
  const options = { log: 'silent', createKeys: true } as const
  await assert.rejects(startEdge(leaky(config), options), { code: 'ERR_ANSWER_VIOLATION' })
  const edge = await startEdge(config, options)
  await edge.close()
})
