import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { maskFaults } from '../../src/cli/mask-faults.ts'
import type { Config, DatasetRouteConfig } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { type Place, place } from './support.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/learn/${name}`, import.meta.url))

/** Decides what a proposal leaves open: the app, its upstream and, for each dataset in turn, its tenant. */
function decided(text: string, tenants: readonly string[] = []): string {
  const left = [...tenants]
  return text
    .replaceAll('- id: CHOOSE-ONE', '- id: legacy')
    .replaceAll('[ CHOOSE-ONE ]', '[ "http://127.0.0.1:3000" ]')
    .replaceAll(/tenant: CHOOSE-ONE/g, () => `tenant: ${left.shift() ?? 'nobody'}`)
}

async function learned(here: Place, tenants: readonly string[], ...args: readonly string[]) {
  const { code, out, err } = await here.run('learn', ...args)
  assert.equal(code, 0, err)
  const config = await loadConfig(here.write('learned.yaml', decided(out, tenants)), {}, maskFaults)
  return { out, config }
}

function route(config: Config, method: string, path: string): DatasetRouteConfig {
  const found = config.apps[0]?.routes.find(
    (each) => each.path === path && each.methods.some((name) => name === method),
  )
  assert.ok(found?.dataset !== undefined, `${method} ${path}`)
  return found
}

const fieldsOf = (config: Config, dataset: string) =>
  Object.fromEntries(
    [...(config.datasets.get(dataset)?.fields ?? [])].map(([name, { type, path }]) => [
      name,
      `${type} /${path.join('/')}`,
    ]),
  )

suite('learn --openapi', { concurrency: 4 }, () => {
  const billing = fixture('billing-openapi-3.1.yaml')

  test('a proposal is refused until somebody has decided, and is valid then', async (t) => {
    const here = place(t)
    const { out } = await here.run('learn', '--openapi', billing)
    const file = here.write('proposal.yaml', out)
    await assert.rejects(loadConfig(file, {}, maskFaults), (error) => {
      assert.ok(error instanceof ConfigError)
      const paths = error.problems.map((problem) => problem.path)
      assert.deepEqual(paths.toSorted(), ['apps[0].id', 'apps[0].upstreams[0]', 'datasets.contact.tenant'])
      return true
    })
    writeFileSync(file, decided(out, ['phone']))
    const checked = await here.run('check', '--config', file)
    assert.equal(checked.code, 0, checked.err)
  })

  test('finds lists, envelopes, totals and single objects, and puts literal paths first', async (t) => {
    const { config } = await learned(place(t), ['phone'], '--openapi', billing)
    const list = route(config, 'GET', '/api/v2/invoices')
    assert.deepEqual([list.rows.at, list.rows.keep], [[['items', '*']], []])
    assert.deepEqual(list.rows.total, { at: ['total'], policy: 'null' })
    assert.deepEqual(route(config, 'GET', '/api/v2/invoices/*').rows.at, [[]])
    assert.deepEqual(route(config, 'GET', '/api/v2/invoices/overdue').rows.at, [['*']])
    const contacts = route(config, 'GET', '/api/v2/customers/*/contacts')
    assert.deepEqual([contacts.rows.at, contacts.rows.total?.at], [[['data', '*']], ['meta', 'totalCount']])
    const paths = config.apps[0]?.routes.map(({ path }) => path) ?? []
    assert.ok(paths.indexOf('/api/v2/invoices/overdue') < paths.indexOf('/api/v2/invoices/*'))
  })

  test('merges allOf and maps types, nested scalars and names that a configuration does not take', async (t) => {
    const { config, out } = await learned(place(t), ['phone'], '--openapi', billing)
    assert.equal(config.datasets.get('invoice')?.tenantField, 'companyId')
    assert.deepEqual(fieldsOf(config, 'invoice'), {
      id: 'id /id',
      createdAt: 'datetime /createdAt',
      companyId: 'id /companyId',
      clientName: 'string /clientName',
      amount: 'number /amount',
      currency: 'string /currency',
      dueOn: 'date /dueOn',
      paid: 'boolean /paid',
      labels: 'string[] /labels',
      'e-mail_address': 'string /e-mail address',
      owner: 'string /meta/owner',
      x_y: 'string /meta/x/y',
    })
    assert.match(out, /# tenant: likely, by its name alone\..*\n +# Other candidates: clientName\n +tenant: companyId/)
    assert.match(out, /# No field: \/corrects: refers to itself/)
    assert.match(out, /dueOn: date # may be missing or null/)
  })

  test('writes are modify and checked; a delete without an answer goes by the GET of its path', async (t) => {
    const { config, out } = await learned(place(t), ['phone'], '--openapi', billing)
    const change = route(config, 'PUT', '/api/v2/invoices/*')
    assert.deepEqual(
      [change.methods, change.action, change.check],
      [['PUT', 'DELETE'], 'modify', { body: [[]], fill: false }],
    )
    const create = route(config, 'POST', '/api/v2/invoices')
    assert.deepEqual([create.action, create.check], ['modify', { body: [[]], fill: false }])
    assert.match(out, /# It may only search: if it changes nothing, say action: read/)
  })

  test('lists what it did not understand, and follows no reference out of the document', async (t) => {
    const here = place(t)
    const { out } = await here.run('learn', '--openapi', billing)
    assert.match(out, /^# - legacy\.yaml#\/paths\/~1legacy: a reference that was not followed$/m)
    assert.match(out, /^# - GET \/api\/v2\/customers\/\*\/logo: also answers image\/png: blocked$/m)
    assert.match(out, /^# - GET \/api\/v2\/attachments: .*oneOf of 2 schemas: not looked into$/m)
    assert.match(out, /^# - GET \/api\/v2\/health: holds no rows/m)
    const paths = (await learned(here, ['phone'], '--openapi', billing)).config.apps[0]?.routes.map(({ path }) => path)
    assert.ok(!paths?.some((path) => /logo|legacy|health|attachments/.test(path)))
  })

  test('reads Swagger 2 with its base path, its parameters and a schema that holds itself', async (t) => {
    const stock = fixture('stock-swagger-2.json')
    const { config, out } = await learned(place(t), ['number', 'name'], '--openapi', stock)
    assert.deepEqual(route(config, 'PATCH', '/rest/articles/*').check, { body: [[]], fill: false })
    assert.deepEqual(fieldsOf(config, 'article'), {
      number: 'string /number',
      stock: 'integer /stock',
      price: 'number /price',
      listed: 'date /listed',
    })
    assert.match(out, /tenant: CHOOSE-ONE/)
    assert.match(out, /# also answers application\/xml: blocked until/)
    assert.match(out, /^# - GET \/rest\/articles\/\*: met twice/m)
  })

  test('--tenant-field and --dataset choose', async (t) => {
    const here = place(t)
    const chosen = await learned(here, [], '--openapi', billing, '--dataset', 'invoice', '--tenant-field', 'clientName')
    assert.deepEqual([...chosen.config.datasets.keys()], ['invoice'])
    assert.equal(chosen.config.datasets.get('invoice')?.tenantField, 'clientName')
    const none = await here.run('learn', '--openapi', billing, '--dataset', 'order')
    assert.equal(none.code, 2)
    assert.match(none.err, /no rows of a dataset order were found; found: invoice, contact/)
  })

  test('what the document says cannot end a comment, or become a reference to a file or a variable', async (t) => {
    const here = place(t)
    const item = { type: 'object', properties: { account: { type: 'string' }, 'a\n${HOME}': { type: 'string' } } }
    const answer = { description: '', content: { 'application/json': { schema: { type: 'array', items: item } } } }
    const document = {
      openapi: '3.0.3',
      paths: { '/x': { get: { operationId: 'a\nb: c\u2028d', responses: { 200: answer } } } },
    }
    const { config, out } = await learned(here, [], '--openapi', here.write('api.json', JSON.stringify(document)))
    assert.match(out, /# operation a\\u\{a\}b: c\\u\{2028\}d$/m)
    assert.equal(fieldsOf(config, 'x')['a_HOME_'], 'string /a\n${HOME}')
  })

  test('says what is wrong with its input, with exit code 2', async (t) => {
    const here = place(t)
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--openapi', 'none.yaml'], /none\.yaml: no such file/],
      [['--openapi', here.write('a.yaml', 'info: {}')], /not an OpenAPI document: it has neither openapi nor swagger/],
      [['--openapi', here.write('b.yaml', '- 1')], /not an OpenAPI document: it is no object/],
      [['--openapi', here.write('c.yaml', 'openapi: 3.1.0\npaths: {')], /c\.yaml:\d+: neither JSON nor YAML/],
      [['--openapi', here.write('d.json', '{"openapi":"4.0.0"}')], /this version is not read/],
      [['--answers', 'none'], /none: no such file/],
      [['--answers', here.write('e.har', '{"log":{}}')], /not a HAR file: it has no log\.entries/],
      [[], /either --openapi FILE or --answers FILE/],
    ]
    for (const [args, message] of cases) {
      const { code, out, err } = await here.run('learn', ...args)
      assert.deepEqual([code, out], [2, ''], err)
      assert.match(err, message)
    }
  })

  test('bounds what a small document can unfold to', async (t) => {
    const here = place(t)
    const levels = Array.from({ length: 30 }, (_, i) => {
      const properties = Object.fromEntries(
        Array.from({ length: 30 }, (_each, n) => [`p${n}`, { $ref: `#/components/schemas/S${i + 1}` }]),
      )
      return [`S${i}`, { type: 'object', properties: { ...properties, account: { type: 'string' } } }]
    })
    const schema = { $ref: '#/components/schemas/S0' }
    const document = {
      openapi: '3.0.3',
      paths: { '/x': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } } },
      components: { schemas: Object.fromEntries(levels) },
    }
    const { code, out } = await here.run('learn', '--openapi', here.write('deep.json', JSON.stringify(document)))
    assert.equal(code, 0)
    assert.match(out, /only the first \d{2,3} fields were looked at/)
  })
})

suite('learn --answers', { concurrency: 4 }, () => {
  const answers = fixture('answers')

  test('infers places, types and paths from a folder of JSON, lines, CSV, XML and HTML', async (t) => {
    const { config } = await learned(place(t), [], '--answers', answers)
    const orders = route(config, 'GET', '/api/orders')
    assert.deepEqual(
      [orders.rows.at, orders.rows.total],
      [[['content', '*']], { at: ['totalElements'], policy: 'null' }],
    )
    assert.deepEqual(fieldsOf(config, 'orders'), {
      id: 'id /id',
      tenant: 'string /tenant',
      region: 'string /region',
      amount: 'number /amount',
      placedAt: 'datetime /placedAt',
      city: 'string /shipTo/city',
      note: 'string /note',
    })
    const { xml } = route(config, 'GET', '/api/shipments').rows
    assert.deepEqual(xml?.at, [['shipments', 'shipment']])
    assert.deepEqual(xml?.fields.get('id'), { path: [], attribute: 'id' })
    assert.deepEqual(xml?.fields.get('unit'), { path: ['weight'], attribute: 'unit' })
    const { csv } = route(config, 'GET', '/api/reports/sales').rows
    assert.equal(csv?.delimiter, ';')
    assert.equal(csv?.columns.get('Customer_No'), 'Customer No')
    const { html } = route(config, 'GET', '/api/list').rows
    assert.deepEqual(html?.rows[0]?.fields.get('account'), { select: 'td.account', attribute: undefined })
    assert.deepEqual(route(config, 'GET', '/api/events').rows.at, [[]])
  })

  test('copies no value out of the answers, and counts fields of few values', async (t) => {
    const { out } = await learned(place(t), [], '--answers', answers, fixture('crm.har'))
    assert.ok(!out.includes('SECRET'))
    assert.match(out, /# Fields of few values, which might be one: region \(2 different\)$/m)
    assert.match(out, /note: string # may be missing or null; seen 1 time only/)
    const keys = JSON.stringify([
      { tenant: 'a', byMail: { 'SECRET@x.example': 1 } },
      { tenant: 'b', byMail: {} },
    ])
    const here = place(t)
    const table = await learned(here, [], '--answers', here.write('mails.json', keys))
    assert.ok(!table.out.includes('SECRET'))
    assert.match(table.out, /# No field: \/byMail: its keys look like data/)
  })

  test('takes one app out of a HAR file: ids become *, refusals and other origins are left out', async (t) => {
    const { config, out } = await learned(place(t), [], '--answers', fixture('crm.har'))
    assert.deepEqual(
      config.apps[0]?.routes.map(({ methods, path }) => `${methods.join(',')} ${path}`),
      ['GET /tickets', 'GET /tickets/*', 'PUT,DELETE /tickets/*'],
    )
    assert.equal(config.datasets.get('tickets')?.tenantField, 'orgId')
    assert.deepEqual(route(config, 'GET', '/tickets').rows.at, [['results', '*']])
    assert.match(out, /answers of other origins \(1\)/)
    assert.match(out, /^# - GET \/app\.js: answers of a media type that no reader takes$/m)
  })

  test('a column that would be read from a file is not named', async (t) => {
    const here = place(t)
    const table = here.write('t.csv', 'tenant,file:/etc/hostname,a${HOME}\nx,y,z\n')
    const { config } = await learned(here, [], '--answers', table)
    assert.deepEqual([...(route(config, 'GET', '/t').rows.csv?.columns ?? [])], [['a_HOME_', 'a${HOME}']])
  })

  test('a cell that never ends is left out, and so is what comes behind it', async (t) => {
    const here = place(t)
    const table = here.write('t.csv', `tenant;note\nacme;"a ""b"" ; c"\nglobex;"${'x""'.repeat(1_000_000)}`)
    const { config, out } = await learned(here, [], '--answers', table)
    assert.deepEqual(fieldsOf(config, 't'), { tenant: 'string /tenant', note: 'string /note' })
    assert.match(out, /note: string # seen 1 time only/)
  })

  test('writes a file, but never over one that is there', async (t) => {
    const here = place(t)
    const args = ['learn', '--answers', answers, '--out', 'proposal.yaml']
    const first = await here.run(...args)
    assert.deepEqual([first.code, first.err], [0, ''])
    const written = readFileSync(join(here.folder, 'proposal.yaml'), 'utf8')
    assert.match(written, /^# Proposed by sallyport learn/)
    const second = await here.run(...args, '--tenant-field', 'region')
    assert.equal(second.code, 2)
    assert.match(second.err, /proposal\.yaml: is there already/)
    assert.equal(readFileSync(join(here.folder, 'proposal.yaml'), 'utf8'), written)
  })
})
