import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Check } from 'typebox/value'
import { stringify } from 'yaml'
import { parseSource } from '../../src/config/document.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { Report } from '../../src/config/report.ts'
import { schema } from '../../src/config/schema.ts'
import { root } from '../../src/config/schema-node.ts'
import { validate, withDefaults } from '../../src/config/validate.ts'
import { runs } from '../support/runs.ts'
import { good, parse } from './support.ts'

/** Only a list of problems may come out, each at a place in the text. */
function survives(text: string): void {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.ok(error.problems.length > 0)
    const lines = text.split(/\r\n|\n|\r/).length
    for (const { line, column } of error.problems) assert.ok(line >= 1 && line <= lines + 1 && column >= 1)
  }
}

const lines = good.split('\n')

/** The good document with some of its values replaced by anything. */
const mutated = fc
  .array(fc.tuple(fc.nat(), fc.constantFrom('delete', 'indent', 'value'), fc.json({ maxDepth: 2 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((edits) => {
    const out = [...lines]
    for (const [at, kind, value] of edits) {
      const i = at % out.length
      const line = out[i] ?? ''
      if (kind === 'delete') out.splice(i, 1)
      else out[i] = kind === 'indent' ? `  ${line}` : line.replace(/:.*$/, `: ${value}`)
    }
    return out.join('\n')
  })

describe('never falls over its input', () => {
  it('survives any text', () => fc.assert(fc.property(fc.string({ maxLength: 200 }), survives)))
  it('survives any YAML signs', () => {
    const signs = fc.string({
      unit: fc.constantFrom(...Array.from('-?:,[]{}#&*!|>\'"%@` \n\tab${}~<')),
      maxLength: 120,
    })
    fc.assert(fc.property(signs, survives), { numRuns: runs(500) })
  })
  it('survives any JSON', () => fc.assert(fc.property(fc.json(), survives)))
  it('survives any change of a good document', () => fc.assert(fc.property(mutated, survives), { numRuns: runs(300) }))
  it('survives any values under known keys', () => {
    const value = fc.jsonValue({ maxDepth: 3 })
    const document = fc.record(Object.fromEntries(Object.keys(root.properties ?? {}).map((key) => [key, value])), {
      requiredKeys: [],
    })
    fc.assert(
      fc.property(document, (source) => survives(stringify(source))),
      { numRuns: runs(200) },
    )
  })
})

describe('agrees with the schema', () => {
  it('reports a problem exactly where the validator of the schema says no', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const document = parseSource(text)
        if (document.complaints.length > 0) return
        const report = new Report('s.yaml', document)
        const filled = withDefaults(root, document.value)
        validate(root, filled, [], report)
        const stricter = report.problems.every(
          ({ message }) => message.includes('longer than') || message.includes('more than'),
        )
        if (!stricter || report.problems.length === 0) assert.equal(Check(schema, filled), report.problems.length === 0)
      }),
      { numRuns: runs(300) },
    )
  })
})
