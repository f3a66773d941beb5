import * as fc from 'fast-check'
import type { FieldDeclaration } from '../../src/mask/language.ts'
import { nestedLedger } from './mask-sql-masks.ts'
import { dates, instants, literalsOf, numbers, strangeLiterals, texts } from './mask-sql-values.ts'

/** A document as JSON text, its objects by key. */
type Tree = Map<string, Tree | string>

const fields = [...nestedLedger().fields.values()]

const literal = (field: FieldDeclaration): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...literalsOf(field.type)) },
    { weight: 1, arbitrary: fc.constantFrom(...strangeLiterals()) },
    { weight: 1, arbitrary: fc.constantFrom('null', undefined) },
  )

/** Puts something else than an object where the path of a field goes through. */
const obstacle = fc.option(
  fc.tuple(
    fc.constantFrom(...fields.filter(({ path }) => path.length > 1)),
    fc.constantFrom('null', '[]', '"a"', '1', '{}', '[{"owner":"a"}]'),
  ),
  { freq: 6 },
)

const anyLiterals = fc.tuple(...fields.map(literal))

/** Documents in which every field may be absent, null, of any type, or out of reach. */
export const dirtyRow: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc
      .tuple(anyLiterals, obstacle)
      .map(([literals, blocked]) => documentText(literals, blocked ?? undefined)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('null', '[]', '{}', '1', '"a"', 'true', ' {"tenant" : "a"} ', '[{"tenant":"a"}]'),
  },
)

function documentText(
  literals: readonly (string | undefined)[],
  blocked: readonly [FieldDeclaration, string] | undefined,
): string {
  const root: Tree = new Map()
  for (const [index, { path }] of fields.entries()) {
    const value = literals[index]
    if (value !== undefined) plant(root, path, value)
  }
  const [key] = blocked?.[0].path ?? []
  if (key !== undefined && blocked !== undefined) root.set(key, blocked[1])
  return treeText(root)
}

function plant(tree: Tree, [key = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree.set(key, value)
    return
  }
  const held = tree.get(key)
  const inner: Tree = held instanceof Map ? held : new Map()
  tree.set(key, inner)
  plant(inner, rest, value)
}

function treeText(tree: Tree | string): string {
  if (typeof tree === 'string') return tree
  return `{${[...tree].map(([key, value]) => `${JSON.stringify(key)}:${treeText(value)}`).join(',')}}`
}

/** Rows as typed columns keep them, by the name of the field, each value a JSON literal; `fine` is a finer `at`. */
export type CleanRow = Readonly<Record<string, string>>

const storable = texts.filter((text) => !text.includes('\0'))
const integers = numbers.filter(
  (text) => /^(?:0|-?[1-9]\d{0,18})$/u.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text),
)
const decimals = numbers.filter((text) => text.length <= 100 && !/e-?3\d\d|e-?\d{4}/iu.test(text))
const stampable = instants.filter((text) => !/\.\d{7,}|23:59$/u.test(text))

export const cleanRow: fc.Arbitrary<CleanRow> = fc
  .record({
    tenant: quoted(storable),
    owner: quoted(storable),
    key: fc.constantFrom(...integers),
    count: fc.constantFrom(...integers),
    amount: fc.constantFrom(...decimals),
    open: fc.constantFrom('true', 'false'),
    day: quoted(dates),
    at: quoted(stampable),
    fine: quoted(instants),
    tags: fc.array(fc.constantFrom(...storable), { maxLength: 3 }).map((items) => JSON.stringify(items)),
  })
  .chain((row) =>
    fc
      .uniqueArray(fc.constantFrom(...Object.keys(row)), { maxLength: 3 })
      .map((nulls) => ({ ...row, ...Object.fromEntries(nulls.map((name) => [name, 'null'])) })),
  )

function quoted(values: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...values.map((value) => JSON.stringify(value)))
}

/** Rows of columns that take anything. */
export const looseRow: fc.Arbitrary<CleanRow> = fc.record(
  Object.fromEntries(
    fields.map(({ name, type }) => [
      name,
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...literalsOf(type)) },
        { weight: 1, arbitrary: fc.constantFrom(...strangeLiterals(), 'null') },
      ),
    ]),
  ),
)
