import type { Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

/** Stands in every row of another company, and nowhere else. */
export const marker = 'FOREIGN7f3a'
export const mine = { id: 1, account: 'acme', entity: 'A', amount: 1, note: 'OWN' }
export const foreign = { id: 2, account: 'globex', entity: 'A', amount: 2, note: marker }

/** An answer before it is bytes. Attacks change it. */
export interface Answer {
  status: string
  headers: [string, string][]
  body: Buffer
  framing: 'length' | 'chunked' | 'close'
  /** Sent before the final head. */
  interim: string
  trailers: string
}

/** One line of the table: what an upstream may try, whatever the route. */
export interface Attack {
  readonly name: string
  readonly apply: (answer: Answer) => void
}

const attack = (name: string, apply: (answer: Answer) => void): Attack => ({ name, apply })
const setType = (answer: Answer, ...types: readonly string[]) => {
  answer.headers = answer.headers.filter(([name]) => name.toLowerCase() !== 'content-type')
  for (const type of types) answer.headers.push(['Content-Type', type])
}
const coded = (coding: string, encode: (body: Buffer) => Buffer) =>
  attack(`coding ${coding}`, (answer) => {
    answer.headers.push(['Content-Encoding', coding])
    answer.body = encode(answer.body)
  })
const text = (name: string, change: (body: string) => string) =>
  attack(name, (answer) => {
    answer.body = Buffer.from(change(answer.body.toString('utf8')))
  })

const types = [
  'Application/JSON',
  ' application/json ;charset=utf-8',
  'application/json; charset=utf-16',
  'application/json; charset=utf-8; charset=latin1',
  'application/json, text/plain',
  'application/problem+json',
  'application/vnd.api+json',
  'application/hal+json;profile="x"',
  'text/json',
  'text/plain',
  'text/plain; charset=utf-8',
  'text/html',
  'application/javascript',
  'application/octet-stream',
  'application/xml',
  'text/csv',
  'text/event-stream',
  'application/x-ndjson',
  'application/json-seq',
  'multipart/byteranges; boundary=x',
  'application/json\tx',
  '"application/json"',
  'application',
  '',
]
// biome-ignore format: a table
const statuses = [
  '201 Created', '202 Accepted', '203 Non', '204 None', '205 Reset', '206 Partial', '207 Multi', '226 IM', '299 Odd',
  '300 Many', '301 Moved', '302 Found', '303 Other', '304 Same', '307 Temp', '308 Perm',
  '400 Bad', '401 Who', '403 No', '404 Gone', '409 Conflict', '410 Gone', '418 Tea', '422 Bad', '429 Many',
  '500 Oops', '502 Bad', '503 Busy', '599 Odd', '600 Odd', '999 Odd',
]

const tellingHeaders: readonly [string, string][] = [
  ['Link', `</orders?after=${marker}>; rel="next"`],
  ['X-Total-Count', `17 ${marker}`],
  ['Content-Range', `items 0-9/17-${marker}`],
  ['ETag', `"${marker}"`],
  ['Last-Modified', `Mon, 01 Jan 2024 00:00:00 GMT ${marker}`],
  ['Location', `/orders/${marker}`],
  ['Content-Location', `/orders/${marker}`],
  ['Refresh', `0;url=/${marker}`],
  ['Warning', `199 - "${marker}"`],
  ['Server-Timing', `db;desc="${marker}"`],
  ['X-Debug-Row', marker],
  ['Digest', `sha-256=${marker}`],
  ['Authentication-Info', `x=${marker}`],
  ['Set-Cookie', `last=${marker}; Path=/`],
  ['Set-Cookie', `sallyport=${marker}; Path=/`],
  ['Set-Cookie', `SALLYPORT-form=${marker}; Path=/`],
  ['Set-Cookie', `=sallyport=${marker}`],
]

export const attacks: readonly Attack[] = [
  ...types.map((type) => attack(`type ${JSON.stringify(type)}`, (answer) => setType(answer, type))),
  attack('two types', (answer) => setType(answer, 'application/json', 'text/plain')),
  attack('two types, the other way round', (answer) => setType(answer, 'text/plain', 'application/json')),
  attack('no type', (answer) => setType(answer)),
  ...statuses.map((status) =>
    attack(`status ${status}`, (answer) => {
      answer.status = status
      answer.headers.push(['Location', `/orders/${marker}`])
    }),
  ),
  ...tellingHeaders.map(([name, value]) =>
    attack(`header ${name}: ${value.slice(0, 12)}`, (answer) => answer.headers.push([name, value])),
  ),
  attack('a telling reason phrase', (answer) => {
    answer.status = `200 ${marker}`
  }),
  attack('early hints', (answer) => {
    answer.interim = `HTTP/1.1 103 Early\r\nLink: </${marker}>\r\n\r\n`
  }),
  attack('continue', (answer) => {
    answer.interim = `HTTP/1.1 100 Continue\r\nX-Row: ${marker}\r\n\r\n`
  }),
  attack('trailers', (answer) => {
    answer.framing = 'chunked'
    answer.headers.push(['Trailer', 'X-Row'])
    answer.trailers = `X-Row: ${marker}\r\n`
  }),
  attack('until the close', (answer) => {
    answer.framing = 'close'
  }),
  coded('gzip', gzipSync),
  coded('x-gzip', gzipSync),
  coded('GZIP', gzipSync),
  coded('deflate', deflateSync),
  coded('br', brotliCompressSync),
  coded('zstd', zstdCompressSync),
  coded('gzip, br', (body) => brotliCompressSync(gzipSync(body))),
  coded('identity', (body) => body),
  coded('identity, gzip', gzipSync),
  coded('rot13', (body) => body),
  coded('gzip', (body) => body),
  coded('br', gzipSync),
  coded('deflate', deflateRawSync),
  coded('gzip', (body) => Buffer.concat([gzipSync(body), gzipSync(body)])),
  coded('gzip', (body) => Buffer.concat([gzipSync(body), body])),
  coded('gzip', (body) => gzipSync(body).subarray(0, -9)),
  attack('coded and not said', (answer) => {
    answer.body = gzipSync(answer.body)
  }),
  attack('two codings in two headers', (answer) => {
    answer.headers.push(['Content-Encoding', 'gzip'], ['Content-Encoding', 'br'])
    answer.body = brotliCompressSync(gzipSync(answer.body))
  }),
  attack('a bomb', (answer) => {
    answer.headers.push(['Content-Encoding', 'gzip'])
    const [start, end] = [answer.body.subarray(0, -1), answer.body.subarray(-1)]
    answer.body = gzipSync(Buffer.concat([start, Buffer.alloc(24 * 1024 * 1024, ' '), end]))
  }),
  attack('a transfer coding', (answer) => {
    answer.headers.push(['Transfer-Encoding', 'gzip, chunked'])
    answer.body = gzipSync(answer.body)
    answer.framing = 'chunked'
  }),
  text('the tenant twice, ours first', (body) =>
    body.replaceAll('"account":"globex"', '"account":"acme","account":"globex"'),
  ),
  text('the tenant twice, ours last', (body) =>
    body.replaceAll('"account":"globex"', '"account":"globex","account":"acme"'),
  ),
  text('the tenant in escapes', (body) => body.replaceAll('"account":"globex"', '"\\u0061ccount":"globex"')),
  text('the tenant twice, once in escapes', (body) =>
    body.replaceAll('"account":"globex"', '"account":"globex","\\u0061ccount":"acme"'),
  ),
  text('the tenant in another case beside it', (body) =>
    body.replaceAll('"account":"globex"', '"ACCOUNT":"globex","account":"acme"'),
  ),
  text('the tenant missing', (body) => body.replaceAll('"account":"globex",', '')),
  text('the tenant null', (body) => body.replaceAll('"account":"globex"', '"account":null')),
  text('the tenant in a list', (body) => body.replaceAll('"account":"globex"', '"account":["acme"]')),
  text('the tenant with a blank', (body) => body.replaceAll('"account":"globex"', '"account":"acme "')),
  text('the tenant elsewhere', (body) => body.replaceAll('"account":"globex"', '"meta":{"account":"acme"}')),
  text('a prototype', (body) => body.replaceAll('"account":"globex"', '"__proto__":{"account":"acme"}')),
  text('a byte order mark', (body) => `\ufeff${body}`),
  attack('UTF-16', (answer) => {
    answer.body = Buffer.from(`\ufeff${answer.body.toString('utf8')}`, 'utf16le')
  }),
  attack('bytes that are no UTF-8', (answer) => {
    answer.body = Buffer.concat([answer.body.subarray(0, -3), Buffer.from([0xff, 0xc0]), answer.body.subarray(-3)])
  }),
  text('two documents', (body) => `${body}${body}`),
  text('rubbish behind', (body) => `${body} ${marker}`),
  text('rubbish before', (body) => `${marker} ${body}`),
  text('JSONP', (body) => `callback(${body})`),
  text('a comment', (body) => `/* ${marker} */${body}`),
  text('an anti-hijacking prefix', (body) => `)]}',\n${body}`),
  text('a trailing comma', (body) => body.replace(/([\]}])$/, ',$1')),
  text('NaN', (body) => body.replaceAll('"amount":2', '"amount":NaN')),
  text('a number without bounds', (body) => body.replaceAll('"amount":2', '"amount":1e400')),
  text('a lone surrogate', (body) => body.replaceAll('"amount":2', '"amount":"\\ud800"')),
  text('depth', (body) => body.replaceAll('"amount":2', `"amount":${'['.repeat(10_000)}${']'.repeat(10_000)}`)),
  text('one list deeper', (body) => `[${body}]`),
  text('one object deeper', (body) => `{"data":${body}}`),
  text('rows as lines', (body) => body.replace(/^\[|\]$/g, '').replaceAll('},{', '}\n{')),
  text('rows as text', (body) => JSON.stringify(body)),
  text('a copy beside the rows', (body) =>
    body.replace(/^\{/, `{"included":[{"note":"${marker}"}],"first":"${marker}",`),
  ),
  text('the list twice', (body) => body.replace(/^\{/, `{"items":[${JSON.stringify(foreign)}],`)),
  text('a scalar among the rows', (body) => body.replace('},{', `},"${marker}",{`)),
  text('a list among the rows', (body) => body.replace('},{', `},["${marker}"],{`)),
]

/** The answer with these attacks on it, in their order. */
export function build(body: string, chosen: readonly Attack[]): Answer {
  const answer: Answer = {
    status: '200 OK',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
    framing: 'length',
    interim: '',
    trailers: '',
  }
  for (const { apply } of chosen) apply(answer)
  return answer
}

/** Sends it as one answer. */
export function write(answer: Answer, socket: Socket, isHead: boolean): void {
  const { framing, body } = answer
  const fields = [...answer.headers, ...framingFields(answer)].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const start = Buffer.from(`${answer.interim}HTTP/1.1 ${answer.status}\r\n${fields}\r\n`)
  const end = Buffer.from(`\r\n0\r\n${answer.trailers}\r\n`)
  const framedBody = framing === 'chunked' ? [chunkHead(body), body, end] : [body]
  // In one piece: small writes one after the other wait for each other's acknowledgement.
  socket.write(Buffer.concat([start, ...(isHead ? [] : framedBody)]))
  if (framing === 'close') socket.end()
}

const chunkHead = (body: Buffer): Buffer => Buffer.from(`${body.length.toString(16)}\r\n`)

function framingFields({ framing, body, headers }: Answer): readonly (readonly [string, string])[] {
  if (framing === 'length') return [['Content-Length', String(body.length)]]
  if (framing === 'close' || headers.some(([name]) => name === 'Transfer-Encoding')) return []
  return [['Transfer-Encoding', 'chunked']]
}
