import { type Static, Type } from 'typebox'
import { app } from './schema-app.ts'
import { closed, duration, flag, limit, port, size, strings, text, wait, word } from './schema-parts.ts'

export type * from './config.ts'

const listen = Type.Object(
  {
    host: text('Address of the public listener.', { default: '127.0.0.1' }),
    port: port('Port of the public listener; 0 = any free one.', 8080),
    trustedProxies: strings("Addresses and networks whose `X-Forwarded-*` headers are believed; empty = nobody's.", []),
    maxHeaders: Type.Integer({
      description: 'Most header fields of a request.',
      default: 100,
      minimum: 10,
      maximum: 2000,
    }),
    maxBody: size('Longest request body.', { default: '10MiB' }),
    timeouts: Type.Object(
      {
        headers: wait('For the headers of a request.', '15s'),
        request: wait('For a whole request.', '5m'),
        keepAlive: wait('Idle connection.', '65s'),
      },
      { ...closed, description: 'Longest waits for a client.', default: {} },
    ),
  },
  { ...closed, description: 'The public listener.', default: {} },
)

const scalarTypes = ['string', 'id', 'integer', 'number', 'boolean', 'date', 'datetime'] as const
const attributeTypes = [...scalarTypes, ...scalarTypes.map((type) => `${type}[]` as const)] as const

const field = Type.Union(
  [
    word(['string', 'id', 'integer', 'number', 'boolean', 'date', 'datetime', 'string[]'], 'Type of the field.'),
    Type.Object(
      {
        type: word(
          ['string', 'id', 'integer', 'number', 'boolean', 'date', 'datetime', 'string[]'],
          'Type of the field.',
        ),
        at: Type.Optional(
          text("RFC 6901 pointer to the field inside the row. Default: the key of the field's own name."),
        ),
      },
      closed,
    ),
  ],
  {
    description: 'Type of the field, or `{type, at}`.',
    expects: 'a type (string, id, integer, number, boolean, date, datetime, string[]) or {type, at}',
  },
)

const dataset = Type.Object(
  {
    tenant: text('Field that names the tenant of the row; its type is `string` or `id`.'),
    visibility: word(
      ['tenant', 'granted'],
      'Who may read without a grant: every member of the tenant, or nobody.',
      'granted',
    ),
    base: Type.Optional(Type.Unknown({ description: 'Row mask that holds for every caller (docs/masks.md).' })),
    fields: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' }), field, {
      ...closed,
      keys: 'a field name (letters, digits, . _ -)',
      description: 'The fields that masks may name.',
      minProperties: 1,
    }),
  },
  { ...closed, description: 'A declared kind of row.' },
)

/** `sallyport.yaml`. A key with a default is always there once the defaults are filled in; `Optional` may be absent. */
export const schema = Type.Object(
  {
    publicUrl: text(
      'Where people reach the edge: the only source of links, redirects and cookie scope. `https`, or `http` on a loopback host.',
    ),
    listen,
    admin: Type.Object(
      {
        host: text('Address of the admin listener.', { default: '127.0.0.1' }),
        port: port('Port of the admin listener; 0 = any free one.', 9090),
      },
      { ...closed, description: 'Health and metrics; never the public listener.', default: {} },
    ),
    store: Type.Object(
      { url: text('`sqlite:FILE` or `postgres://...`.', { default: 'sqlite:data/sallyport.db' }) },
      { ...closed, description: 'Accounts, tenants and grants.', default: {} },
    ),
    state: Type.Object(
      { url: text('`memory:`, `redis://...` or `rediss://...`.', { default: 'memory:' }) },
      { ...closed, description: 'What several edges share: sessions, bans, limits.', default: {} },
    ),
    keys: Type.Object(
      { file: text('File of the keys; made on the first run.', { default: 'data/keys.json' }) },
      { ...closed, description: 'Keys that sign tokens and assertions.', default: {} },
    ),
    sessions: Type.Object(
      { idle: duration('Ends a session that is not used.', '8h'), absolute: duration('Ends every session.', '12h') },
      { ...closed, description: 'Browser sessions.', default: {} },
    ),
    tokens: Type.Object(
      { access: duration('Life of an access token.', '15m'), refresh: duration('Life of a refresh token.', '30d') },
      { ...closed, description: 'API tokens.', default: {} },
    ),
    bans: Type.Object(
      {
        neverBan: strings('Addresses and networks that are never banned.', []),
        signInFailures: Type.Object(
          {
            max: Type.Integer({
              description: 'Failed sign-ins of one address in the window.',
              default: 10,
              minimum: 1,
              maximum: 1e6,
            }),
            window: duration('Length of the window.', '10m'),
            ban: duration('Length of the ban.', '15m'),
          },
          { ...closed, description: 'Bans an address that guesses passwords.', default: {} },
        ),
      },
      { ...closed, description: 'Who is shut out, and who never is.', default: {} },
    ),
    limits: Type.Object(
      {
        address: limit('Per client address, before sign-in.', 1200, '1m'),
        account: limit('Per account, after sign-in.', 1200, '1m'),
        tenant: limit('Per tenant, after sign-in.', 12_000, '1m'),
        signIn: limit('Sign-in attempts per client address.', 20, '1m'),
      },
      { ...closed, description: 'Requests in a time.', default: {} },
    ),
    audit: Type.Object(
      {
        file: text('File of the audit trail, or `stdout`.', { default: 'data/audit.jsonl' }),
        includeEmail: flag('Write e-mail addresses into it.', false),
      },
      { ...closed, description: 'The audit trail.', default: {} },
    ),
    log: Type.Object(
      { level: word(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], 'Least level that is written.', 'info') },
      { ...closed, description: 'The log of the process.', default: {} },
    ),
    attributes: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' }),
        word(attributeTypes, 'Type of the attribute.'),
        {
          ...closed,
          keys: 'an attribute name (letters, digits, . _ -)',
          description:
            'What memberships may say of people, for masks to refer to. Left out: anything. `tenant`, `account`, `email`, `roles` and `groups` are always there.',
        },
      ),
    ),
    datasets: Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$' }), dataset, {
      ...closed,
      keys: 'a dataset name (letters, digits, . _ -)',
      description: 'Declared kinds of rows, by name.',
      default: {},
    }),
    apps: Type.Array(app, { description: 'The applications behind the edge.', minItems: 1, maxItems: 200 }),
  },
  closed,
)

/** The file as written, with its defaults filled in. */
export type Source = Static<typeof schema>
