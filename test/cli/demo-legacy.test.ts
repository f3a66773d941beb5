import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { legacyAnswer, ordersQuery } from '../../src/cli/demo/legacy-answers.ts'
import { member, place } from './support.ts'

const odd = { id: 1, account: 'a;"b"', entity: '</script><b>', owner: '&amp;', amount: 1 }

function bodyAt(path: string): string {
  return legacyAnswer(path, [odd])?.body ?? ''
}

test('an odd value stays one cell, one element and one string', () => {
  assert.match(bodyAt('/legacy/orders.csv'), /\n1;"a;""b""";<\/script><b>;"&amp;";1;;;\r\n$/)
  assert.ok(bodyAt('/legacy/orders.xml').includes('<entity>&lt;/script&gt;&lt;b&gt;</entity><owner>&amp;amp;</owner>'))
  assert.ok(bodyAt('/legacy/orders.html').includes('<td class="entity">&lt;/script&gt;&lt;b&gt;</td>'))
  assert.ok(!bodyAt('/legacy/orders.html').includes('</script><b>'))
  assert.equal(JSON.parse(bodyAt('/legacy/orders.ndjson')).entity, odd.entity)
})

test('there is no answer at a path that the shop does not know', () => {
  assert.equal(legacyAnswer('/legacy/orders', [odd]), undefined)
  assert.notEqual(legacyAnswer('/legacy/orders.csv', [odd]), undefined)
})

const kinds: readonly (readonly [path: string, reader: string, times: number])[] = [
  ['/legacy/orders.xml', 'xml', 1],
  ['/legacy/orders.csv', 'csv', 1],
  ['/legacy/orders.ndjson', 'json-lines', 1],
  ['/legacy/events', 'events', 1],
  ['/legacy/orders.html', 'html', 2],
]

function keptIds(value: unknown): readonly number[] {
  const rows = member(value, 'rows')
  assert.ok(Array.isArray(rows))
  return rows.filter((row) => member(row, 'kept') === true).map((row) => Number(member(row, 'id')))
}

suite('explain, for the legacy shop', { concurrency: 3 }, () => {
  const ann = ['explain', '--demo', '--account', 'ann@acme.example', '--tenant', 'acme', '--response', 'sample']
  const own = [1, 2, 5, 8, 11]

  test('tells row by row what becomes of each kind of answer', async (t) => {
    const here = place(t)
    assert.equal((await here.run('apply', '--demo')).code, 0)
    for (const [path, reader, times] of kinds) {
      const { code, value } = await here.json(...ann, '--method', 'GET', '--path', path)
      assert.equal(code, 0, path)
      assert.equal(member(value, 'response', 'reader'), reader)
      assert.deepEqual(keptIds(value), Array.from({ length: times }, () => own).flat(), path)
    }
  })

  test('tells what becomes of the answer to the listed query, and refuses another', async (t) => {
    const here = place(t)
    assert.equal((await here.run('apply', '--demo')).code, 0)
    const ask = (query: string) =>
      here.json(...ann, '--method', 'POST', '--path', '/legacy/graphql', '--body', here.write('query.json', query))
    const listed = await ask(JSON.stringify({ query: ordersQuery }))
    assert.equal(listed.code, 0)
    assert.deepEqual(keptIds(listed.value), own)
    const other = await ask(JSON.stringify({ query: '{ orders { id } }' }))
    assert.equal(other.code, 1)
    assert.equal(member(other.value, 'refusal', 'code'), 'ERR_OPERATION_NOT_ALLOWED')
  })

  test('reads an answer from a file as that of the route', async (t) => {
    const here = place(t)
    assert.equal((await here.run('apply', '--demo')).code, 0)
    const answer = legacyAnswer('/legacy/orders.csv', [
      { id: 1, account: 'acme', entity: 'A', margin: 9 },
      { id: 2, account: 'globex', entity: 'A', margin: 9 },
    ])
    const from = here.write('answer.csv', answer?.body ?? '')
    const args = [...ann.slice(0, -1), from]
    const { value } = await here.json(...args, '--method', 'GET', '--path', '/legacy/orders.csv', '--show-body')
    assert.deepEqual(keptIds(value), [1])
    assert.doesNotMatch(String(member(value, 'response', 'body')), /globex|margin/i)
  })

  test('has no sample of messages', async (t) => {
    const here = place(t)
    assert.equal((await here.run('apply', '--demo')).code, 0)
    const { code, err } = await here.run(...ann, '--method', 'GET', '--path', '/legacy/feed')
    assert.equal(code, 1)
    assert.match(err, /no answer to \/legacy\/feed/)
  })
})
