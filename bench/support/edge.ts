/** Our edge with everything on, before UPSTREAM, with two apps: one without the signed assertion. `node edge.ts UPSTREAM` */
import { ordersDataset, startTestEdge } from '../../test/support/edge.ts'

const upstream = process.argv[2] ?? ''
const unlimited = { max: 1_000_000_000, window: '1h' }
const routes = [
  { methods: ['GET'], path: '/public/**', access: 'public' },
  { methods: ['GET'], path: '/app/**', access: 'member' },
  {
    methods: ['GET'],
    path: '/orders',
    access: { roles: ['viewer', 'editor'] },
    dataset: 'orders',
    rows: { at: ['/*'] },
    inject: [{ kind: 'header' }],
  },
  {
    methods: ['GET'],
    path: '/large',
    access: { roles: ['viewer', 'editor'] },
    dataset: 'orders',
    rows: { at: ['/items/*'] },
  },
]
const app = (id: string, host: string, assertion: boolean) => ({
  id,
  match: { hosts: [host] },
  upstreams: [upstream],
  identity: { assertion },
  routes,
})

const edge = await startTestEdge({
  upstream,
  config: {
    datasets: { orders: ordersDataset },
    limits: { address: unlimited, account: unlimited, tenant: unlimited },
    tokens: { access: '2h' },
    apps: [app('signed', '127.0.0.1', true), app('unsigned', 'unsigned.example', false)],
  },
})
const token = await edge.token('dave@acme.example')
process.stdout.write(`${JSON.stringify({ port: edge.port, token })}\n`)
process.once('SIGTERM', () => {
  void edge.stop().finally(() => process.exit(0))
})
