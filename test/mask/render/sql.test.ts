import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import type { Dataset, FieldType } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderSql, type SqlRendering, type SqlSource } from '../../../src/mask/render/sql.ts'
import { json, ledger } from '../masks.ts'

const columns: SqlSource = { kind: 'columns' }
const documents: SqlSource = { kind: 'json', column: 'data' }
const dialects = ['postgresql', 'sqlite'] as const

function render(
  written: unknown,
  dialect: 'postgresql' | 'sqlite',
  source: SqlSource,
  dataset = ledger(),
): SqlRendering {
  return renderSql(bindMask(parseMask(written, dataset), new Map()), dialect, source)
}

function withField(name: string, type: FieldType, path: readonly string[]): Dataset {
  return ledger({ fields: new Map([[name, { name, type, path }]]) })
}

describe('renderSql for PostgreSQL', () => {
  it('asks a column once for its index and once for its bytes', () => {
    assert.deepEqual(render({ owner: 'a' }, 'postgresql', columns), {
      text: '("owner"::text = $1::text AND "owner"::text COLLATE "C" = $1::text)',
      parameters: ['a'],
    })
  })

  it('puts conditions side by side, in the order of the canonical mask', () => {
    assert.deepEqual(
      render({ $or: [{ count: { $gt: 5 } }, { day: '2024-02-29' }], open: true }, 'postgresql', columns),
      {
        text: '((("count" > $1::bigint AND mod("count"::numeric, 1) = 0) OR "day" = $2::date) AND "open" = $3::boolean)',
        parameters: ['5', '2024-02-29', true],
      },
    )
  })

  it('gives a list as one parameter', () => {
    assert.deepEqual(render({ owner: { $nin: ['a', 'b"\\{},'] } }, 'postgresql', columns), {
      text: 'NOT ("owner"::text COLLATE "C" = ANY ($1::text[]))',
      parameters: ['{"a","b\\"\\\\{},"}'],
    })
    const thousand = Array.from({ length: 1000 }, (_, index) => index)
    assert.equal(render({ count: { $in: thousand } }, 'postgresql', columns).parameters.length, 1)
  })

  it('compares an instant that is finer than the column with the microsecond below it', () => {
    assert.deepEqual(render({ at: { $lt: '2024-01-01T00:00:00.1234567Z' } }, 'postgresql', columns), {
      text: `("at" <= $1::timestamptz AND "at" >= TIMESTAMPTZ '0001-01-01 00:00:00Z')`,
      parameters: ['2024-01-01T00:00:00.123456Z'],
    })
  })

  it('looks at the type of what stands in a document first', () => {
    assert.deepEqual(render({ open: { $ne: true } }, 'postgresql', documents), {
      text: '("data" -> $1::text) = to_jsonb($2::boolean)',
      parameters: ['open', false],
    })
    assert.deepEqual(render({ amount: { $lt: 1.5 } }, 'postgresql', documents), {
      text: `CASE WHEN jsonb_typeof(("data" -> $1::text)) = 'number' THEN CASE WHEN length((("data" -> $1::text) #>> '{}')) <= 128 THEN ("data" -> $1::text)::numeric END END < $2::numeric`,
      parameters: ['amount', '1.5'],
    })
  })

  it('finds an absent value only at the end of a path through objects', () => {
    const dataset = withField('owner', 'string', ['meta', 'owner'])
    assert.deepEqual(render({ owner: { $exists: false } }, 'postgresql', documents, dataset), {
      text: `(jsonb_typeof("data") = 'null' OR jsonb_typeof("data") = 'object' AND (coalesce(jsonb_typeof("data" -> $1::text), 'null') = 'null' OR jsonb_typeof("data" -> $1::text) = 'object' AND (coalesce(jsonb_typeof("data" -> $1::text -> $2::text), 'null') = 'null')))`,
      parameters: ['meta', 'owner'],
    })
  })

  it('never writes a question mark, which some clients take for a parameter', () => {
    for (const source of [columns, documents]) {
      for (const { name, type } of ledger().fields.values()) {
        const operator = type === 'string[]' ? '$hasNone' : '$nin'
        const attributes = new Map([['x', [operandFor(type)]]])
        const mask = bindMask(
          parseMask({ [name]: { [operator]: { $user: 'x' }, $exists: true } }, ledger()),
          attributes,
        )
        assert.doesNotMatch(renderSql(mask, 'postgresql', source).text, /\?/)
      }
    }
  })
})

function operandFor(type: FieldType): unknown {
  switch (type) {
    case 'string':
    case 'string[]':
    case 'id':
      return 'a'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'date':
      return '2024-01-01'
    case 'datetime':
      return '2024-01-01T00:00:00Z'
  }
}

describe('renderSql for SQLite', () => {
  it('asks for the storage class of a column beside its value', () => {
    assert.deepEqual(render({ owner: 'a', open: true, count: { $gte: 5 } }, 'sqlite', columns), {
      text: "((typeof(`count`) IN ('integer', 'real') AND `count` >= CAST(? AS INTEGER) AND `count` > -9e999 AND `count` < 9e999 AND (typeof(`count`) = 'integer' OR `count` = round(`count`))) AND (typeof(`open`) = 'integer' AND `open` = ?) AND (typeof(`owner`) = 'text' AND `owner` COLLATE BINARY = ?))",
      parameters: ['5', 1, 'a'],
    })
  })

  it('gives a list as one parameter', () => {
    assert.deepEqual(render({ owner: { $in: ['a', 'b"'] } }, 'sqlite', columns), {
      text: "(typeof(`owner`) = 'text' AND `owner` COLLATE BINARY IN (SELECT value FROM json_each(?)))",
      parameters: ['["a","b\\""]'],
    })
  })

  it('asks a document whether it is one, and whether it has a key once, before anything else', () => {
    const dataset = withField('open', 'boolean', ['a"b', 'open'])
    assert.deepEqual(render({ open: true }, 'sqlite', documents, dataset), {
      text: '(SELECT CASE WHEN json_extract(\'{"\\u0061":"\\u0000"}\', \'$."a"\') = char(0) AND typeof(doc) = \'text\' AND instr(doc, char(0)) = 0 AND json_valid(doc) THEN CASE WHEN ((SELECT count(*) FROM json_each(doc, ?) WHERE key = ?) = (json_type(doc, ?) IS NOT NULL) AND (SELECT count(*) FROM json_each(doc, ?) WHERE key = ?) = (json_type(doc, ?) IS NOT NULL)) THEN json_type(doc, ?) = ? END END FROM (SELECT `data` AS doc LIMIT 1))',
      parameters: ['$', 'a"b', '$."a\\"b"', '$."a\\"b"', 'open', '$."a\\"b"."open"', '$."a\\"b"."open"', 'true'],
    })
  })
})

describe('renderSql', () => {
  it('writes what permits all, and what permits nothing, without looking at the rows', () => {
    for (const source of [columns, documents]) {
      assert.deepEqual(render(true, 'postgresql', source), { text: 'TRUE', parameters: [] })
      assert.deepEqual(render(true, 'sqlite', source), { text: '1=1', parameters: [] })
      assert.deepEqual(render({ owner: { $user: 'x' } }, 'postgresql', source), { text: 'FALSE', parameters: [] })
      assert.deepEqual(render({ owner: { $user: 'x' } }, 'sqlite', source), { text: '1=0', parameters: [] })
    }
  })

  it('will not render a mask that is not bound', () => {
    const mask = parseMask({ $or: [{ open: true }, { owner: { $user: 'x' } }] }, ledger())
    for (const dialect of dialects) assert.throws(() => renderSql(mask, dialect, columns), TypeError)
    const bound = bindMask(mask, new Map([['x', 'a']]))
    for (const dialect of dialects) assert.match(renderSql(bound, dialect, columns).text, /owner/)
  })

  it('takes the names of columns from the map, and the names of the fields for the others', () => {
    const source: SqlSource = { kind: 'columns', columns: new Map([['owner', 'owner_id']]) }
    const mask = { owner: { $exists: true }, key: { $exists: true } }
    assert.equal(render(mask, 'postgresql', source).text, '("key" IS NOT NULL AND "owner_id" IS NOT NULL)')
    assert.equal(render(mask, 'sqlite', source).text, '(`key` IS NOT NULL AND `owner_id` IS NOT NULL)')
  })

  it('writes the same text whatever an operand holds', () => {
    const hostile = ["' OR ''='", '" OR 1=1 --', '`; DROP TABLE x; --', '\\', '$1', '?', '%', '_', '*/', '\u{10ffff}']
    for (const dialect of dialects) {
      for (const source of [columns, documents]) {
        for (const operator of ['$eq', '$ne', '$gt', '$prefix']) {
          const plain: string = render({ owner: { [operator]: 'a' } }, dialect, source).text
          for (const operand of hostile) {
            const { text, parameters }: SqlRendering = render({ owner: { [operator]: `${operand}a` } }, dialect, source)
            assert.equal(text, plain)
            assert.ok(parameters.includes(`${operand}a`))
          }
        }
        const listed: SqlRendering = render({ owner: { $in: hostile } }, dialect, source)
        const plain: SqlRendering = render({ owner: { $in: ['a', 'b'] } }, dialect, source)
        assert.equal(listed.text, plain.text)
      }
    }
  })

  it('writes the same text whatever the keys of a path hold', () => {
    for (const dialect of dialects) {
      const plain: string = render({ x: 'a' }, dialect, documents, withField('x', 'string', ['k'])).text
      for (const key of ["'", '"', '`', '\\', '$.a', '"] OR 1=1 --', '?', '$1', '']) {
        const { text } = render({ x: 'a' }, dialect, documents, withField('x', 'string', [key]))
        assert.equal(text, plain)
      }
    }
  })

  it('quotes names, and doubles the quotes inside them', () => {
    const source: SqlSource = { kind: 'columns', columns: new Map([['owner', 'a"b`c" = "" OR 1=1 --']]) }
    const mask = { owner: { $exists: true } }
    assert.equal(render(mask, 'postgresql', source).text, '"a""b`c"" = """" OR 1=1 --" IS NOT NULL')
    assert.equal(render(mask, 'sqlite', source).text, '`a"b``c" = "" OR 1=1 --` IS NOT NULL')
  })

  it('refuses a name that no column can have', () => {
    for (const dialect of dialects) {
      for (const name of ['', 'a\0b', 'a\ud800']) {
        const renamed: SqlSource = { kind: 'columns', columns: new Map([['owner', name]]) }
        assert.throws(() => render({ owner: 'a' }, dialect, renamed), TypeError)
        assert.throws(() => render({ owner: 'a' }, dialect, { kind: 'json', column: name }), TypeError)
      }
      assert.throws(() => render({ x: 'a' }, dialect, documents, withField('x', 'string', ['a\0'])), TypeError)
      assert.ok(render({ owner: 'a' }, dialect, { kind: 'json', column: 'é' }).text.includes('é'))
    }
  })

  it('keeps its own copy of the parameters', () => {
    const { parameters } = render(json('{"count":{"$in":[9007199254740993]}}'), 'postgresql', columns)
    assert.deepEqual(parameters, ['9007199254740993'])
    assert.ok(Object.isFrozen(parameters))
  })
})
