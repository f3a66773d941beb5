import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BodyKind, bodyKind } from '../../../src/stages/filter/body-kind.ts'

const table: readonly [readonly string[], BodyKind][] = [
  [[], 'none'],
  [['application/json'], 'json'],
  [['Application/JSON'], 'json'],
  [[' application/json '], 'json'],
  [['application/json;charset=utf-8'], 'json'],
  [['application/json ; Charset="UTF-8"'], 'json'],
  [['application/json; profile=x; charset=utf8'], 'json'],
  [['application/json;'], 'json'],
  [['application/problem+json'], 'json'],
  [['application/vnd.api+JSON'], 'json'],
  [['text/json'], 'json'],
  [['application/x-ndjson'], 'json-lines'],
  [['application/jsonl; charset=utf-8'], 'json-lines'],
  [['application/stream+json'], 'json-lines'],
  [['application/ndjson'], 'json-lines'],
  [['application/jsonlines'], 'json-lines'],
  [['application/x-jsonlines'], 'json-lines'],
  [['application/json; profile=a; profile=b'], 'json'],
  [['application/json', 'application/json'], 'other'],
  [['application/json, text/plain'], 'other'],
  [['application/json; charset=utf-16'], 'other'],
  [['application/json; charset=iso-8859-1'], 'other'],
  [['application/json; charset=utf-8; charset=utf-16'], 'other'],
  [['application/json; charset="utf\\-8"'], 'other'],
  [['application/json charset=utf-8'], 'other'],
  [['application/json; charset'], 'other'],
  [['application/json-seq'], 'other'],
  [['text/plain'], 'other'],
  [['text/html'], 'html'],
  [['application/xhtml+xml'], 'other'],
  [['application/xml'], 'xml'],
  [['text/xml'], 'xml'],
  [['application/atom+xml; charset=UTF-8'], 'xml'],
  [['application/xml; charset=utf-16'], 'other'],
  [['text/csv'], 'csv'],
  [['application/csv'], 'csv'],
  [['text/csv; header=present'], 'csv'],
  [['text/csv; charset=utf-8; Header="Present"'], 'csv'],
  [['text/csv; header=absent'], 'other'],
  [['text/csv; header="ABSENT"'], 'other'],
  [['text/csv; header='], 'other'],
  [['text/csv; header=present; header=absent'], 'other'],
  [['application/csv;header=none'], 'other'],
  [['application/json; header=absent'], 'json'],
  [['text/event-stream'], 'events'],
  [['multipart/byteranges; boundary=x'], 'other'],
  [['application/jsonp'], 'other'],
  [['json'], 'other'],
  [['application/'], 'other'],
  [['/json'], 'other'],
  [['application/json/x'], 'other'],
  [['application/x/y+json'], 'other'],
  [['x+json'], 'other'],
  [['/x+json'], 'other'],
  [['application/"x"+json'], 'other'],
  [['"application"/x+json'], 'other'],
  [[''], 'other'],
]

describe('the kind of a body', () => {
  for (const [values, kind] of table) {
    it(`is ${kind} under ${JSON.stringify(values)}`, () => {
      assert.equal(bodyKind(values), kind)
    })
  }
})
