import { Type } from 'typebox'
import { closed, flag, strings, text, word, wordOrNull } from './schema-parts.ts'

const pointer = (description: string) =>
  Type.String({ description, pattern: '^/', maxLength: 1024, expects: 'a pointer that begins with /' })

export const pointers = (description: string, fallback?: readonly string[]) =>
  Type.Array(pointer('RFC 6901 pointer; the token `*` means every element.'), {
    description,
    ...(fallback === undefined ? { minItems: 1 } : { default: [...fallback] }),
    maxItems: 32,
  })

/** By name of a declared field. */
const byField = (description: string, each: string) =>
  Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' }), text(each, { maxLength: 256 }), {
      ...closed,
      keys: 'the name of a declared field',
      description,
    }),
  )

const total = Type.Optional(
  Type.Object(
    {
      at: pointer('Where the answer counts its rows.'),
      policy: wordOrNull(
        ['null', 'recount', 'block'],
        'What becomes of a count that the caller may not know: written as `null`, counted again, or the answer is blocked.',
      ),
    },
    { ...closed, description: 'A count of rows in the answer.' },
  ),
)

const keep = pointers('What else of the answer reaches the caller besides its rows.', [])

const strict = flag('Whatever else the answer holds blocks it, in place of becoming null.', false)

const xml = Type.Object(
  {
    at: pointers('Where rows stand: names of elements from the root down, as written, such as `/orders/order`.'),
    fields: byField(
      'Where fields stand in a row, if not in a child element of their name.',
      '`amount` or `price/net`: the text of that element; `@id` or `price/@net`: an attribute.',
    ),
    keep: pointers(
      'Elements outside the rows that stay whole, but for comments. Of everything else outside only the elements around rows and these stay, without text and attributes.',
      [],
    ),
  },
  { ...closed, description: 'XML answers. Without it they are blocked.' },
)

const csv = Type.Object(
  {
    delimiter: word([',', ';', '\t', '|'], 'What stands between two cells.', ','),
    columns: byField('Columns of fields, if not named as the field.', 'Name of the column in the first line.'),
  },
  { ...closed, description: 'CSV answers (RFC 4180, first line names the columns). Without it they are blocked.' },
)

const events = Type.Object(
  {
    types: Type.Record(
      Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$' }),
      word(['rows', 'pass', 'drop'], 'Its data holds rows, holds nothing to hide, or never goes out.'),
      {
        ...closed,
        keys: 'the type of an event (letters, digits, . _ : -)',
        description: 'What events of each type are; one without a type is a `message`.',
        default: { message: 'rows' },
      },
    ),
    other: word(['drop', 'pass'], 'What becomes of events of any other type.', 'drop'),
    at: pointers('Where rows stand in the data of an event; `/` is one row.', ['/']),
    keep,
  },
  { ...closed, description: 'Server-sent events whose data is JSON. Without it they are blocked.' },
)

const documentRows = {
  at: pointers('Where rows stand in the document.'),
  total,
  keep,
  strict,
}

const html = Type.Object(
  {
    remove: Type.Array(
      Type.Object(
        {
          select: text('CSS selector of elements that are taken out.', { maxLength: 256 }),
          unless: strings('Roles that see them.', []),
        },
        closed,
      ),
      {
        description: 'Elements that only some roles see. It tidies a page; it is no protection.',
        default: [],
        maxItems: 64,
      },
    ),
    rows: Type.Array(
      Type.Object(
        {
          select: text('CSS selector of elements that each show one row, such as `tr.order`.', { maxLength: 256 }),
          fields: byField(
            'Where fields stand in it.',
            '`td.amount`: the text of that element; `@data-id` or `a.owner@href`: an attribute.',
          ),
        },
        closed,
      ),
      { description: 'Elements that each show one row.', default: [], maxItems: 16 },
    ),
    scripts: Type.Array(
      Type.Object(
        { select: text('CSS selector of `script` elements whose text is JSON.', { maxLength: 256 }), ...documentRows },
        closed,
      ),
      { description: 'Scripts that hold rows as JSON.', default: [], maxItems: 16 },
    ),
  },
  { ...closed, description: 'HTML pages. Without it they are blocked.' },
)

const graphql = Type.Object(
  {
    operations: Type.Array(
      Type.Object(
        {
          name: text('Name of the operation in the document.', { maxLength: 128 }),
          document: Type.Optional(text('The document, to the letter (`file:` is allowed).', { maxLength: 65_536 })),
          sha256: Type.Optional(
            Type.String({
              description: 'SHA-256 of the document in place of the document, as in a manifest of trusted documents.',
              pattern: '^[0-9a-f]{64}$',
              expects: '64 lower-case hexadecimal digits',
            }),
          ),
          ...documentRows,
        },
        closed,
      ),
      { description: 'The operations that clients may ask for; any other is refused.', minItems: 1, maxItems: 1000 },
    ),
  },
  {
    ...closed,
    description: 'GraphQL over HTTP: which operations are allowed, and where rows stand in the answer of each.',
  },
)

const frames = Type.Object(
  {
    at: pointers('Where rows stand in a message of the app.'),
    keep,
    client: pointers('Where rows stand in a message of the client. Empty: clients may say nothing.', []),
  },
  { ...closed, description: 'WebSocket messages, each a JSON document. Without it handshakes are refused.' },
)

export const rows = Type.Object(
  {
    at: pointers(
      'Where rows stand in a JSON answer: `/` is one row, the whole document; `/*` a list; `/items/*` a list under `items`. Empty: JSON answers are blocked.',
      [],
    ),
    total,
    keep,
    strict,
    xml: Type.Optional(xml),
    csv: Type.Optional(csv),
    events: Type.Optional(events),
    html: Type.Optional(html),
    graphql: Type.Optional(graphql),
    frames: Type.Optional(frames),
  },
  { ...closed, description: 'Where the rows of the answer stand. Required on a route with a dataset.' },
)
