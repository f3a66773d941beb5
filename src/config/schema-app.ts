import { Type } from 'typebox'
import { closed, duration, flag, size, strings, text, wait, waitOrNone, word, wordOrNull } from './schema-parts.ts'
import { inject, sanitise } from './schema-request.ts'
import { pointers, rows } from './schema-rows.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
const access = Type.Union(
  [
    Type.Literal('public'),
    Type.Literal('member'),
    Type.Object({ roles: strings('Any one of these roles, in the active tenant.') }, closed),
  ],
  {
    description: '`public`: anybody; `member`: everyone who is signed in; `{roles: [...]}`: who has one of the roles.',
    expects: 'public, member or {roles: [...]}',
  },
)

const routeLimit = Type.Object(
  {
    max: Type.Integer({ description: 'Requests allowed in the window.', minimum: 1, maximum: 1e9 }),
    window: duration('Length of the window.'),
  },
  { ...closed, description: 'Requests per caller to this route.' },
)

const guard = {
  access,
  action: word(['read', 'modify'], 'Which right on the dataset the caller needs.', 'read'),
  dataset: Type.Optional(text('Name of the dataset whose rows the answers carry.')),
}

const filter = {
  rows: Type.Optional(rows),
  onViolation: Type.Optional(
    word(['drop', 'block'], 'A row outside the mask is dropped, or the whole answer is blocked. Default `drop`.'),
  ),
  withheldAs: Type.Optional(
    wordOrNull(['removed', 'null'], 'A withheld field is removed, or written as `null`. Default `removed`.'),
  ),
  whenNone: Type.Optional(
    word(['refuse', 'empty'], 'Without any grant the request is refused, or answered without rows. Default `refuse`.'),
  ),
  pass: Type.Optional(strings('Media types of answers that carry no rows and pass unfiltered. Default none.')),
  keepHeaders: Type.Optional(strings('Answer headers that reach the caller besides the usual ones. Default none.')),
  check: Type.Optional(
    Type.Object(
      {
        body: pointers('Where rows stand in the request body.'),
        fill: Type.Optional(word(['tenant'], 'A written row that leaves the tenant out gets the active one.')),
      },
      { ...closed, description: 'A written row must be inside the mask of its writer.' },
    ),
  ),
  preRead: Type.Optional(
    Type.Boolean({
      description:
        'The item that a PUT, PATCH or DELETE is aimed at is looked at first: one outside the mask is 404. Default: true.',
    }),
  ),
  compress: Type.Optional(
    Type.Boolean({
      description:
        'Filtered answers are compressed as the client accepts. Default: true. Say `false` where an answer repeats what the client sent beside a secret (BREACH).',
    }),
  ),
  maxRow: Type.Optional(size('Longest row of an answer. Default `1MiB`.', { maxBytes: 2 ** 28 })),
  maxBlock: Type.Optional(
    size('Longest answer that is held back as a whole (`onViolation: block`). Default `8MiB`.', { maxBytes: 2 ** 28 }),
  ),
}

const route = Type.Object(
  {
    methods: Type.Array(word(methods, 'A method.'), {
      description: 'Methods this rule is for.',
      minItems: 1,
      maxItems: 7,
    }),
    path: text(
      "Path this rule is for: literal segments, `*` for one segment, `{tenant}` for one that must name the caller's active tenant, a final `/**` for any rest, also none.",
    ),
    ...guard,
    ...filter,
    limit: Type.Optional(routeLimit),
    maxBody: Type.Optional(size('Longest request body. Default `listen.maxBody`.')),
    timeout: Type.Optional(wait('Longest wait for the whole answer. Default: the timeouts of the app.')),
    websocket: Type.Optional(
      Type.Boolean({
        description:
          'WebSocket handshakes are let through. Default: `websocket` of the app; on a dataset, whether `rows.frames` is there.',
      }),
    ),
    sanitise: Type.Optional(sanitise),
    tenantParameters: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
        description:
          'Parameters of queries, forms, JSON bodies and cookies that name a tenant: naming any but the active one is 403. Default: the tenant field of the dataset.',
        maxItems: 16,
      }),
    ),
    inject: Type.Optional(inject),
    audit: Type.Optional(
      Type.Boolean({ description: 'Write `data.read` and `data.written` events. Default: true on a dataset.' }),
    ),
  },
  { ...closed, description: 'A rule. The first that matches decides; where none does, the answer is 404.' },
)

const assertion = Type.Union([Type.Boolean(), Type.Literal('bound')], {
  description:
    'Send the signed assertion (a JWT for this app); `bound`: one for each request, with its method, path and query.',
  expects: 'true, false or bound',
  default: true,
})

const identity = Type.Object(
  {
    profile: word(
      ['sallyport', 'remote-user', 'grafana', 'oauth2-proxy', 'hasura', 'iap', 'custom'],
      'Which header names the app understands.',
      'sallyport',
    ),
    headers: Type.Optional(
      Type.Object(
        Object.fromEntries(
          ['account', 'email', 'name', 'tenant', 'role', 'roles', 'groups', 'row-mask', 'row-mask-digest'].map(
            (fact) => [fact, Type.Optional(text(`Header that carries ${fact}.`, { maxLength: 64 }))],
          ),
        ),
        { ...closed, description: 'Header names of the profile `custom`.' },
      ),
    ),
    assertion,
    forwardAuthorization: flag("Let the caller's own `Authorization` header through.", false),
    host: word(
      ['upstream', 'public'],
      'Which Host the app sees: its own, or the one the caller asked for.',
      'upstream',
    ),
  },
  { ...closed, description: 'What the app is told about the caller.', default: {} },
)

/** An application behind the edge. */
export const app = Type.Object(
  {
    id: Type.String({
      description: 'Its name in logs, audit and assertions.',
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      expects: 'lower-case letters, digits and dashes',
    }),
    match: Type.Object(
      {
        hosts: strings('Hosts it answers for; empty = the host of `publicUrl`.', []),
        path: text('Prefix of its paths, on segment borders; the longest wins.', { default: '/' }),
      },
      { ...closed, description: 'Which requests are its own.', default: {} },
    ),
    upstreams: strings('Origins it is reached at.'),
    health: Type.Optional(
      Type.Object(
        {
          path: Type.String({
            description: 'Asked with GET; a 2xx answer is healthy.',
            pattern: '^/[^#\\s]*$',
            expects: 'a path that begins with /',
          }),
          every: wait('Pause between two checks.', '5s'),
          timeout: wait('Longest wait for an answer.', '2s'),
        },
        { ...closed, description: 'Health checks of the upstreams.' },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        { ca: text('File with the certificate authority (PEM) of the upstreams.') },
        { ...closed, description: 'Trust towards the upstreams.' },
      ),
    ),
    timeouts: Type.Object(
      {
        connect: wait('To connect.', '5s'),
        headers: wait('Until the headers of the answer.', '60s'),
        body: waitOrNone('Between two parts of the answer; `0` = for ever.', '300s'),
      },
      { ...closed, description: 'Longest waits for the upstream.', default: {} },
    ),
    websocket: flag('WebSocket handshakes are let through on routes without a dataset.', false),
    identity,
    routes: Type.Array(route, { description: 'Its rules, in order.', minItems: 1, maxItems: 1000 }),
  },
  { ...closed, description: 'An application behind the edge.' },
)
