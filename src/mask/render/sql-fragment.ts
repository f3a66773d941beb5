export type SqlValue = string | number | boolean | null

export type SqlDialect = 'postgresql' | 'sqlite'

/** A mask as a boolean expression for a WHERE clause; `$1`, `$2`, ... in PostgreSQL, `?` in SQLite. */
export interface SqlRendering {
  readonly text: string
  readonly parameters: readonly SqlValue[]
}

interface Parameter {
  readonly value: SqlValue
  /** What PostgreSQL has to take it for. */
  readonly type: string
}

/** A piece of SQL whose parameters still stand where they are used, so that pieces may be put together in any order. */
export type Sql = readonly (string | Parameter)[]

/** Puts pieces together. Nothing but a piece fits between them: neither a value nor a name gets into the text here. */
export function sql(texts: TemplateStringsArray, ...pieces: readonly Sql[]): Sql {
  return texts.flatMap((text, index) => [text, ...(pieces[index] ?? [])])
}

/** A text of our own. */
export function constant(text: string): Sql {
  return [text]
}

/** `type` is for PostgreSQL, which cannot always guess it. */
export function parameter(value: SqlValue, type = ''): Sql {
  return [{ value, type }]
}

/**
 * A quoted name. SQLite gets backticks: what stands in double quotes and is no column there may be read as a string,
 * and a condition on a misspelt column would then hold for every row.
 */
export function identifier(name: string, dialect: SqlDialect): Sql {
  if (name === '' || name.includes('\0') || !name.isWellFormed()) throw new TypeError('a column has no such name')
  const quote = dialect === 'sqlite' ? '`' : '"'
  return constant(quote + name.replaceAll(quote, quote + quote) + quote)
}

const widest = 16

/** Joins with AND or OR. Long lists become a tree, because databases limit how deep an expression may nest. */
export function joinSql(word: 'AND' | 'OR', pieces: readonly Sql[]): Sql {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  if (pieces.length > widest) {
    const size = Math.ceil(pieces.length / widest)
    const groups = Array.from({ length: Math.ceil(pieces.length / size) }, (_, group) =>
      joinSql(word, pieces.slice(group * size, (group + 1) * size)),
    )
    return joinSql(word, groups)
  }
  return [...pieces.flatMap((piece, index) => [index === 0 ? '(' : ` ${word} `, ...piece]), ')']
}

/** Numbers the parameters. PostgreSQL gets one number for what stands in several places, SQLite repeats it. */
export function renderSqlText(piece: Sql, dialect: SqlDialect): SqlRendering {
  const parameters: SqlValue[] = []
  const numbers = new Map<string, number>()
  const place = ({ value, type }: Parameter): string => {
    if (dialect === 'sqlite') {
      parameters.push(value)
      return '?'
    }
    const key = JSON.stringify([type, value])
    const number = numbers.get(key) ?? parameters.push(value)
    numbers.set(key, number)
    return `$${number}::${type}`
  }
  const text = piece.map((part) => (typeof part === 'string' ? part : place(part))).join('')
  return Object.freeze({ text, parameters: Object.freeze(parameters) })
}
