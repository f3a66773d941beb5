import type { FieldType } from '../../src/mask/language.ts'

/** JSON literals of values that make masks, engines and parsers disagree, if anything does. */

function words(text: string): readonly string[] {
  return text
    .trim()
    .split(/ *\n */u)
    .flatMap((line) => line.split(' '))
}

export const numbers: readonly string[] = [
  ...words(`
    0 -0 0.0 -0.0e7 0e99 1 1.0 1e0 10e-1 0.1e1 -1 2 12 12.0 1.2e1 1.2E+1 100 1e2 1E+2 0.1 0.10 1e-1 -1.5 1.5 15e-1
    0.3 0.30000000000000004 1e-9 0.000000001 0.100000000000000005 0.1000000000000000055511151231257827
    123456789.987654321 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9007199254740992.5
    9007199254740993.0 9007199254740993e0 90071992547409930e-1 1152921504606846976 1152921504606847000
    9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 1e18 1e19 1e20 1e40 1e100
    10000000000000000000 12345678901234567890 1234567890123456789012345678901234567890 123456789012345678.5
    -123456789012345678.5 0.00000000000000000000000000000000000000015 1.5e-39 1.7976931348623157e308 1.8e308 9.99e308
    1e309 -1e309 5e-324 1e-323 1e-324 1e-325`),
  `1${'0'.repeat(127)}`,
  `1${'0'.repeat(128)}`,
  `1.${'0'.repeat(126)}`,
  `1.${'0'.repeat(127)}`,
  `0.${'0'.repeat(125)}1`,
]

/** Milliseconds, or nearly. */
const epochs = words(`
  0 -0 -1 1 999 -999 -1000 1704067200000 1704067200000.0 1.7040672e12 17040672e5 1704067200001 1704067200010
  1704067200500 1704067200000.5 1709164800000 253402300799000 253402300799999 253402300800000 -62135596800000
  -62135596800001 -62135596799999 9007199254740993 1e15 1e16 -1e14 2e14 123456789012345678901234567890`)

export const dates = words(`
  2024-01-01 2024-01-02 2024-02-29 2024-02-28 2024-03-01 2023-12-31 2000-02-29 0001-01-01 0004-02-29 0009-09-09
  0096-02-29 0099-12-31 0100-01-01 0400-02-29 9999-12-31 2024-12-31 2025-12-31 1582-10-10 2024-04-30 1999-11-30`)

const noDates: readonly string[] = [
  ...words(`
    2023-02-29 1900-02-29 2100-02-29 0100-02-29 2024-02-30 2024-04-31 2024-11-31 2024-13-01 2024-00-10 2024-01-00
    2024-01-32 0000-01-01 0000-02-29 2024-1-1 2024-01-1 20240101 -001-01-01 +2024-01-01 -0001-01-01 12024-01-01
    2024-01-01T00:00:00Z ２０２４-01-01 2024/01/01 now infinity 2460310.5 2024-W01-1`),
  '',
  ' 2024-01-01',
  '2024-01-01 ',
  '2024-01-01\n',
  '2024-01-01\u0000',
]

export const instants: readonly string[] = [
  ...words(`
    2024-01-01T00:00:00Z 2024-01-01t00:00:00z 2024-01-01T01:00:00+01:00 2023-12-31T19:00:00-05:00 2024-01-01T00:00:00.0Z
    2024-01-01T00:00:00.000001Z 2024-01-01T00:00:00.0000001Z 2024-01-01T00:00:00.001Z 2024-01-01T00:00:00.0010Z
    2024-01-01T00:00:00.1+00:00 2024-01-01T00:00:00.123456Z 2024-01-01T00:00:00.1234561Z 2024-01-01T00:00:00.123457Z
    2024-01-01T00:00:00.1234569999999999999999999999999999999999Z 1969-12-31T23:59:59.999Z 2024-02-29T12:34:56Z
    2024-02-29T23:59:59+23:59 2024-03-01T23:58:59-00:00 2024-01-01T00:00:00-23:59 0001-01-01T00:00:00Z
    0001-01-01T05:00:00+05:00 0001-01-01T00:00:00.5Z 9999-12-31T23:59:59Z 9999-12-31T23:59:59.999999Z
    9999-12-31T18:59:59-05:00 1970-01-01T00:00:00Z`),
  `2024-01-01T00:00:00.${'0'.repeat(39)}1Z`,
  `2024-01-01T00:00:00.${'9'.repeat(40)}+05:30`,
]

const noInstants: readonly string[] = [
  ...words(`
    2024-01-01 2024-01-01T00:00:00 2024-01-01T24:00:00Z 2024-01-01T00:60:00Z 2016-12-31T23:59:60Z 2024-01-01T00:00Z
    2024-01-01T00:00:00.Z 2024-01-01T00:00:00,5Z 2023-02-29T00:00:00Z 2024-01-01T00:00:00+24:00 2024-13-01T00:00:00Z
    2024-01-01T00:00:00+01:60 2024-01-01T00:00:00+0100 2024-01-01T00:00:00+01 2024-01-01T00:00:00ZZ now
    0000-12-31T23:00:00-01:00 0001-01-01T00:00:00+00:01 9999-12-31T23:59:59-00:01 2024-01-01T00:00:00.5x5Z
    2024-01-01T00:00:00.5+5Z ２０２４-01-01T00:00:00Z 2024-01-01T00:00:00.5 2024-01-01T00:00:00.5+05:00Z`),
  `2024-01-01T00:00:00.${'1'.repeat(41)}Z`,
  `2024-01-01T00:00:00.${'0'.repeat(80)}Z`,
  '',
  '2024-01-01 00:00:00Z',
  '2024-01-01T00:00:00Z ',
  ' 2024-01-01T00:00:00Z',
  '2024-01-01T00:00:00Z\n',
  '2024-01-01T00:00:00\u0000Z',
  '2024-01-01T00:00:00Z\u0000',
  '2024-01-01T00:00:00.5\u0000Z',
]

export const texts: readonly string[] = [
  ...words(`
    a A ab aB abc b % _ a% a_ ' a'b a';-- $1 ? {a} {a,b} é e\u0301 ß SS ä z \u{d7ff} \u{d7ff}a \u{e000} \ufffd \ufffe
    \uffff \u{10000} 😀 😀a \u{10ffff} \u{10ffff}\u{10ffff} 1 01 12 1.0 1e0 -1 -0 +1 0 9007199254740993 true null
    null\u0301 \u007f \u001f`),
  '',
  ' ',
  'a ',
  ' a',
  '\\',
  'a\\b',
  '"',
  'a"b',
  "a'; drop table documents --",
  '\n',
  '\t',
  'x'.repeat(300),
]

/** JSON literals that SQLite keeps and PostgreSQL refuses. */
const unstorable: readonly string[] = words(String.raw`
  "\u0000" "a\u0000" "a\u0000b" "a\ud800" "\udfff" "\ud83d\ud83d\ude00" "\ude00\ud83d" "a\u0000\ud800"
  ["a","\ud800"] ["a\u0000"] ["a","\u0000"] ["a","\u0000\udc00"]`)

const escaped: readonly string[] = words(String.raw`
  "\u0061" "\ud83d\ude00" "\/" "\u0022" "\\u0000" "\\ud800" "\u00e9"`)

const lists: readonly string[] = words(String.raw`
  [] ["a"] ["a","b"] ["ab"] ["b","a","a"] [""] ["A"] ["\u0020"] ["😀","\ud83d\ude00"] ["\u0061"] ["{a}"] ["a,b"]
  ["\uffff","\ufffd"] ["a",1] ["a",null] [null] [["a"]] [{"a":"a"}] [true] ["a",[]]`)

const strange: readonly string[] = ['{}', '{"a":"a"}', '[]', '[1]', '""', 'true', 'false', '"true"', '0', '1']

/** What stands in a row where a field of this type is expected, mostly of the right type. */
export function literalsOf(type: FieldType): readonly string[] {
  switch (type) {
    case 'string':
      return [...json(texts), ...escaped, ...unstorable]
    case 'id':
      return [...json(texts), ...numbers, ...unstorable]
    case 'integer':
    case 'number':
      return numbers
    case 'boolean':
      return ['true', 'false', 'true', 'false', '"true"', '1', '0']
    case 'date':
      return [...json(dates), ...json(dates), ...json(noDates)]
    case 'datetime':
      return [...json(instants), ...json(instants), ...json(noInstants), ...epochs]
    case 'string[]':
      return [...lists, ...lists, ...unstorable]
  }
}

export function strangeLiterals(): readonly string[] {
  return [...strange, ...json(texts.slice(0, 4)), ...json(dates.slice(0, 2)), ...numbers.slice(0, 8)]
}

/** JSON literals of operands. */
export function operandsOf(type: FieldType): readonly string[] {
  switch (type) {
    case 'string':
    case 'string[]':
      return [...json(texts), '"a\\u0000"', '"a\\u0000b"', '"\\u0000"']
    case 'id':
      return [...json(texts.filter((text) => text !== '')), '1', '12', '0', '9007199254740993', '-1', '"a\\u0000"']
    case 'integer':
      return numbers.filter((text) => /^-?\d{1,40}$/u.test(text) || ['1e2', '1.0', '1e100', '10e-1'].includes(text))
    case 'number':
      return numbers.filter((text) => text.length <= 128 && !/e309|e-32[45]/u.test(text))
    case 'boolean':
      return ['true', 'false']
    case 'date':
      return json(dates)
    case 'datetime':
      return [...json(instants), '0', '-1', '1704067200000', '253402300799999', '-62135596800000']
  }
}

function json(values: readonly string[]): readonly string[] {
  return values.map((value) => JSON.stringify(value))
}
