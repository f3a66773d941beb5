import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { bindMask } from '../../src/mask/bind.ts'
import { type ComposedMask, composeMask, type RuleMask } from '../../src/mask/compose.ts'
import { compareDecimals, decimalText, parseDecimal, shortNumber } from '../../src/mask/decimal.ts'
import { compilePredicate, explainRow } from '../../src/mask/evaluate.ts'
import { foldMask } from '../../src/mask/fold.ts'
import type { FieldValue } from '../../src/mask/language.ts'
import { parseMask } from '../../src/mask/parse.ts'
import type { Mask } from '../../src/mask/predicate.ts'
import { renderHeaderJson } from '../../src/mask/render/header-json.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { compareCodePoints } from '../../src/mask/text.ts'
import { attributes, row, writtenMask } from '../mask/arbitraries.ts'
import { json, ledger } from '../mask/masks.ts'
import { judge, type Row } from '../mask/reference.ts'
import { runs } from '../support/runs.ts'

const dataset = ledger()
const often = { numRuns: runs(3000) }

function permits(mask: Mask, values: Row): boolean {
  const predicate = compilePredicate(mask)
  return predicate.test(readRow(json(JSON.stringify(values)), predicate.reads))
}

function admits(composed: ComposedMask, values: Row): boolean {
  if (composed.kind === 'conditional') return permits(composed.mask, values)
  return composed.kind === 'all'
}

function valuesByName(values: Row): ReadonlyMap<string, FieldValue> {
  const fields = [...dataset.fields.values()]
  const read = readRow(json(JSON.stringify(values)), fields)
  return new Map(fields.map(({ name }, index) => [name, read[index]]))
}

const rules: fc.Arbitrary<readonly RuleMask[]> = fc
  .array(writtenMask, { maxLength: 3 })
  .map((masks) => masks.map((written, index) => ({ rule: `g${index}`, mask: parseMask(written, dataset) })))
const held = attributes.map((values) => new Map(Object.entries(values)))
const tenantRow = fc.tuple(row, fc.constantFrom('acme', 'other')).map(([values, tenant]) => ({ ...values, tenant }))

describe('any mask', () => {
  it('means the same bound, folded and compiled as read literally with three values', () => {
    fc.assert(
      fc.property(writtenMask, row, attributes, (written, values, user) => {
        const bound = bindMask(parseMask(written, dataset), new Map(Object.entries(user)))
        const expected = judge(written, values, user) === 'true'
        assert.equal(permits(bound, values), expected)
        assert.equal(permits(foldMask(bound), values), expected)
      }),
      often,
    )
  })

  it('is read back from its header as the same mask', () => {
    fc.assert(
      fc.property(writtenMask, held, (written, user) => {
        const folded = foldMask(bindMask(parseMask(written, dataset), user))
        fc.pre(folded.root.kind !== 'false')
        const header = renderHeaderJson(folded)
        assert.match(header, /^[\x20-\x7e]+$/)
        const again = parseMask(json(header), dataset, { maxDepth: 20, maxNodes: 1000 })
        assert.deepEqual(again, folded)
        assert.equal(renderHeaderJson(again), header)
      }),
      often,
    )
  })
})

describe('any composition', () => {
  it('never admits a row of another tenant', () => {
    fc.assert(
      fc.property(rules, rules, held, row, fc.boolean(), (permits, restricts, attributes, values, open) => {
        const kind = open ? ledger({ visibility: 'tenant' }) : dataset
        const composed = composeMask({ dataset: kind, tenant: 'acme', permits, restricts, attributes })
        assert.equal(admits(composed, { ...values, tenant: 'other' }), false)
        if (values['tenant'] !== 'acme') assert.equal(admits(composed, values), false)
      }),
      often,
    )
  })

  it('admits no more with one restrict more, and no less with one permit more', () => {
    fc.assert(
      fc.property(rules, rules, writtenMask, held, tenantRow, (permits, restricts, written, attributes, values) => {
        const before = { dataset, tenant: 'acme', permits, restricts, attributes }
        const added = { rule: 'added', mask: parseMask(written, dataset) }
        const admitted = admits(composeMask(before), values)
        const narrower = admits(composeMask({ ...before, restricts: [...restricts, added] }), values)
        const wider = admits(composeMask({ ...before, permits: [...permits, added] }), values)
        assert.ok(!narrower || admitted)
        assert.ok(!admitted || wider)
      }),
      often,
    )
  })

  it('is explained as it is enforced', () => {
    fc.assert(
      fc.property(rules, rules, held, tenantRow, (permits, restricts, attributes, values) => {
        const composed = composeMask({ dataset, tenant: 'acme', permits, restricts, attributes })
        const explained = explainRow(composed, valuesByName(values))
        assert.equal(explained.permitted, admits(composed, values))
        assert.equal(explained.permitted, explained.failed.length === 0)
      }),
      often,
    )
  })
})

describe('any decimal', () => {
  const text = fc
    .tuple(
      fc.boolean(),
      fc.bigInt({ min: 0n, max: 10n ** 20n }),
      fc.option(fc.nat(10 ** 9)),
      fc.option(fc.integer({ min: -30, max: 30 })),
    )
    .map(
      ([minus, whole, part, power]) =>
        `${minus ? '-' : ''}${whole}${part === null ? '' : `.${part}`}${power === null ? '' : `e${power}`}`,
    )

  it('compares as exact arithmetic says', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [a, b] = [parseDecimal(left), parseDecimal(right)]
        assert.ok(a !== undefined && b !== undefined)
        const [x, y] = [scaled(left), scaled(right)]
        assert.equal(Math.sign(compareDecimals(a, b)), x === y ? 0 : x < y ? -1 : 1)
        assert.equal(decimalText(a) === decimalText(b), x === y)
        assert.equal(scaled(decimalText(a)), x)
      }),
      often,
    )
  })

  it('has a canonical text no longer than a short number it equals', () => {
    const short = fc.tuple(fc.nat(9999999), fc.nat(999999)).map(([whole, part]) => `${whole}.${part}`)
    fc.assert(
      fc.property(short, (written) => {
        const decimal = parseDecimal(written)
        assert.ok(decimal !== undefined)
        assert.equal(shortNumber(decimalText(decimal)), shortNumber(written))
      }),
      often,
    )
  })
})

describe('any two texts', () => {
  it('are ordered as their UTF-8 bytes are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareCodePoints(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      often,
    )
  })
})

/** The value times ten to the 100, as a BigInt. */
function scaled(text: string): bigint {
  const [mantissa = '', power = '0'] = text.split('e')
  const [whole = '', part = ''] = mantissa.split('.')
  return BigInt(whole + part) * 10n ** BigInt(100 + Number(power) - part.length)
}
