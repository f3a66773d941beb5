import { Type } from 'typebox'
import { closed, text, word } from './schema-parts.ts'

const profiles = ['strict', 'odata', 'jsonschema', 'query-api', 'raw'] as const
const profile = word(profiles, 'Which requests are refused.')

/** What is refused of a request because an upstream could read more into it than it should. */
export const sanitise = Type.Union(
  [
    profile,
    Type.Object(
      { profile, report: Type.Boolean({ description: 'Refuse nothing, count everything.', default: false }) },
      closed,
    ),
  ],
  {
    description:
      'Refuses operators, duplicate keys, wrong types and charsets in requests (docs/requests.md). `{profile, report: true}` only counts. Default: `strict` on a dataset (`raw` beside `rows.graphql`), else `raw`.',
    expects: 'strict, odata, jsonschema, query-api, raw, or {profile, report}',
  },
)

const userValue = Type.Object({ $user: text("Name of the caller's attribute.", { maxLength: 256 }) }, closed)

const injection = Type.Object(
  {
    kind: word(['header', 'query', 'body'], 'In which part of the request.'),
    oversize: Type.Optional(
      word(
        ['block', 'reference', 'omit'],
        'Kind `header`, for a mask too large: refuse the request, send its digest alone, or nothing. Default `block`.',
      ),
    ),
    set: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z_$][A-Za-z0-9_.$-]{0,63}$' }),
        Type.Union([text('Value.'), userValue], { description: 'A text, or `{$user: attribute}`.' }),
        {
          ...closed,
          keys: 'the name of a parameter',
          expects: 'a text or {$user: attribute}',
          description: 'Kind `query`: parameters that are set; every spelling that the client sent is deleted.',
          minProperties: 1,
        },
      ),
    ),
    mask: Type.Optional(
      word(
        ['odata', 'postgrest', 'mongodb', 'mongodb-pipeline', 'elasticsearch'],
        'The mask in this language: `odata` and `postgrest` in the query, the others in a JSON body.',
      ),
    ),
    at: Type.Optional(text("Kind `body`: where the client's query stands. Default `/`, the whole body.")),
  },
  closed,
)

/** How the upstream is told the mask. */
export const inject = Type.Array(injection, {
  description: 'How the upstream is told who asks and for which rows: a hint, the answer is checked all the same.',
  maxItems: 8,
})
