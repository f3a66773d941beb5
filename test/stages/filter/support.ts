import type { RowsConfig } from '../../../src/config/config.ts'
import {
  type FieldDeclaration,
  type FieldType,
  type FieldValue,
  JsonNumber,
  type RowPredicate,
} from '../../../src/mask/language.ts'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import { defaultRowLimits, type RowFilter, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { JsonLinesFilter } from '../../../src/stages/filter/rows-json-lines.ts'

export const ours = 'acme'
/** Stands in every value of a row that must not go out. */
export const marker = 'FOREIGN'

export function field(name: string, path: readonly string[] = [name], type: FieldType = 'string'): FieldDeclaration {
  return { name, type, path }
}

/** `account` is ours and `amount`, where there is one, is below 100. */
export const smallAndOurs: RowPredicate = {
  reads: [field('account'), field('amount', ['amount'], 'number')],
  test: ([account, amount]) => account === ours && (amount === undefined || isBelow(amount, 100)),
}

/** The same taken apart, as compiled masks are. */
export const smallAndOursInParts: RowPredicate = {
  ...smallAndOurs,
  parts: {
    leaves: [
      { slot: 0, test: (account) => account === ours },
      { slot: 1, test: (amount) => amount === undefined },
      { slot: 1, test: (amount) => isBelow(amount, 100) },
    ],
    formula: {
      kind: 'and',
      children: [
        { kind: 'leaf', leaf: 0 },
        {
          kind: 'or',
          children: [
            { kind: 'leaf', leaf: 1 },
            { kind: 'leaf', leaf: 2 },
          ],
        },
      ],
    },
  },
}

function isBelow(value: FieldValue, bound: number): boolean {
  return value instanceof JsonNumber && Number(value.text) < bound
}

export function planOf(changes: Partial<RowPlan> = {}): RowPlan {
  return {
    at: [['items', '*']],
    predicate: smallAndOurs,
    withhold: [],
    withheldAs: 'removed',
    onViolation: 'drop',
    keep: [],
    total: undefined,
    strict: false,
    limits: defaultRowLimits,
    ...changes,
  }
}

/** What the route of `plan` declares: its JSON, and whatever a test adds. */
export function readersOf(plan: RowPlan, changes: Partial<RowsConfig> = {}): RowsConfig {
  const { at, keep, strict } = plan
  const others = {
    xml: undefined,
    csv: undefined,
    events: undefined,
    html: undefined,
    graphql: undefined,
    frames: undefined,
  }
  return { at, keep, strict, total: undefined, ...others, ...changes }
}

export interface Outcome {
  readonly text: string | undefined
  readonly code: string | undefined
  /** What had gone out before the refusal. */
  readonly released: string
  readonly counts: unknown
  /** Rows by the rule that kept them back. */
  readonly rules: Readonly<Record<string, number>>
}

export function runJson(plan: RowPlan, body: string | Uint8Array, cuts: readonly number[] = []): Outcome {
  return run(new JsonRowFilter(plan), body, cuts)
}

/** By the core, which must be there: these tests mean nothing without it. */
export function runCore(plan: RowPlan, body: string | Uint8Array, cuts: readonly number[] = []): Outcome {
  const filter = openJson(plan)
  if (filter instanceof JsonRowFilter) throw new TypeError('the core does not take this plan')
  return run(filter, body, cuts)
}

export function runLines(plan: RowPlan, body: string | Uint8Array, cuts: readonly number[] = []): Outcome {
  return run(new JsonLinesFilter(plan), body, cuts)
}

export function run(filter: RowFilter, body: string | Uint8Array, cuts: readonly number[]): Outcome {
  const bytes = Buffer.from(body)
  const released: Uint8Array[] = []
  const take = (piece: Uint8Array | undefined): void => {
    if (piece !== undefined) released.push(Buffer.from(piece))
  }
  const sent = (): string => Buffer.concat(released).toString('latin1')
  try {
    let from = 0
    for (const cut of [...cuts, bytes.length]) {
      // A copy that is overwritten afterwards: the filter must not lean on a chunk that it has handed back.
      const chunk = Buffer.from(bytes.subarray(from, cut))
      take(filter.push(chunk))
      chunk.fill(0x23)
      from = cut
    }
    take(filter.end())
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    return { text: undefined, code, released: sent(), ...told(filter) }
  }
  return {
    text: Buffer.concat(released).toString('utf8'),
    code: undefined,
    released: sent(),
    ...told(filter),
  }
}

function told(filter: RowFilter): Pick<Outcome, 'counts' | 'rules'> {
  const { rules, ...counts } = filter.report
  return { counts, rules: Object.fromEntries(rules) }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
