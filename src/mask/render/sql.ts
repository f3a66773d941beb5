import { foldNode } from '../fold.ts'
import type { Mask, Node, Test } from '../predicate.ts'
import type { SqlWriter } from './sql-compare.ts'
import { identifier, joinSql, renderSqlText, type Sql, type SqlDialect, type SqlRendering } from './sql-fragment.ts'
import { PostgresColumns } from './sql-postgres-columns.ts'
import { PostgresJson } from './sql-postgres-json.ts'
import { SqliteColumns } from './sql-sqlite-columns.ts'
import { SqliteJson } from './sql-sqlite-json.ts'

export type { SqlRendering } from './sql-fragment.ts'

/**
 * Where a table keeps the fields of its rows. `columns`: a column for each field, of the field's own name unless the map
 * says another, and of the type that suits it (see the writers). `json`: a document in one column, in which the fields
 * stand where the dataset says; any document will do.
 */
export type SqlSource =
  | { readonly kind: 'columns'; readonly columns?: ReadonlyMap<string, string> }
  | { readonly kind: 'json'; readonly column: string }

/**
 * A bound mask as a condition for WHERE: TRUE for exactly the rows that the compiled predicate permits, otherwise FALSE
 * or NULL, so it must not stand under a NOT. Values are in the parameters alone. For databases
 * that keep their texts in UTF-8, as of PostgreSQL 15 and SQLite 3.45.
 */
export function renderSql(mask: Mask, dialect: SqlDialect, source: SqlSource): SqlRendering {
  const root = foldNode(mask.root)
  const writer = writerFor(dialect, source)
  const condition = writeNode(root, writer)
  const tests = testsOf(root)
  return renderSqlText(tests.length === 0 ? condition : writer.guarded(condition, tests), dialect)
}

function writerFor(dialect: SqlDialect, source: SqlSource): SqlWriter {
  switch (source.kind) {
    case 'columns': {
      const columnOf = ({ field }: Test): Sql => identifier(source.columns?.get(field.name) ?? field.name, dialect)
      return dialect === 'postgresql' ? new PostgresColumns(columnOf) : new SqliteColumns(columnOf)
    }
    case 'json': {
      const column = identifier(source.column, dialect)
      return dialect === 'postgresql' ? new PostgresJson(column) : new SqliteJson(column)
    }
  }
}

function writeNode(node: Node, writer: SqlWriter): Sql {
  switch (node.kind) {
    case 'true':
      return writer.truth
    case 'false':
    case 'unknown':
      return writer.falsehood
    case 'test':
      if (node.operand.kind === 'user') throw new TypeError('a mask is bound before it is rendered')
      return writer.test(node)
    case 'and':
    case 'or':
      return joinSql(
        node.kind === 'and' ? 'AND' : 'OR',
        node.children.map((child) => writeNode(child, writer)),
      )
  }
}

function testsOf(node: Node): readonly Test[] {
  if (node.kind === 'test') return [node]
  return node.kind === 'and' || node.kind === 'or' ? node.children.flatMap(testsOf) : []
}
