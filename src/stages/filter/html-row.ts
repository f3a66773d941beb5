import type { FieldValue } from '../../mask/language.ts'
import { decodeText } from './html-entities.ts'
import type { HtmlField, HtmlRowRule } from './html-rules.ts'
import type { RowPlan } from './row-plan.ts'
import { textValue } from './text-value.ts'
import type { Verdicts } from './verdicts.ts'

/** A field that the mask reads, or that the caller never gets. */
export interface RuledField extends HtmlField {
  /** Its positions among the predicate's arguments. */
  readonly slots: readonly number[]
  readonly withheld: boolean
}

interface Capture {
  /** Of the element among the open ones. */
  readonly index: number
  readonly slots: readonly number[]
  text: string
}

/** Stands between two runs of text with a tag in between, whose references are decoded apart; never in a page. */
const border = '\0'

/** The fields of `rule` that matter under `plan`. */
export function ruledFields(rule: HtmlRowRule, plan: RowPlan): readonly RuledField[] {
  const { reads } = plan.predicate
  return rule.fields
    .map((field) => ({
      ...field,
      slots: reads.flatMap(({ name }, slot) => (name === field.name ? [slot] : [])),
      withheld: plan.withhold.some(({ name }) => name === field.name),
    }))
    .filter(({ slots, withheld }) => withheld || slots.length > 0)
}

/** The row that is open: its values as they are found. */
export class HtmlRow {
  readonly fields: readonly RuledField[]
  /** Of its element among the open ones. */
  readonly index: number
  /** Position in the page. */
  readonly start: number
  readonly #plan: RowPlan
  readonly #values: FieldValue[]
  readonly #seen: boolean[] = []
  readonly #captures: Capture[] = []
  /** Whatever the predicate says, it does not go out. */
  doomed = false
  /** What was taken out of it. */
  cuts = 0

  constructor(plan: RowPlan, fields: readonly RuledField[], index: number, start: number) {
    this.#plan = plan
    this.fields = fields
    this.index = index
    this.start = start
    this.#values = plan.predicate.reads.map(() => undefined)
  }

  /** The verdict on a row that is complete; it is counted. */
  judge(verdicts: Verdicts): boolean {
    return !this.doomed && verdicts.permits(this.#values)
  }

  /** False = the field has a value already. */
  found(field: RuledField): boolean {
    for (const slot of field.slots) {
      if (this.#seen[slot] === true) return false
      this.#seen[slot] = true
    }
    return true
  }

  attribute(field: RuledField, value: string): void {
    this.#set(field.slots, value)
  }

  /** The text of the element at `index` is the field's value. */
  capture({ slots }: RuledField, index: number): void {
    if (slots.length > 0) this.#captures.push({ index, slots, text: '' })
  }

  get captures(): boolean {
    return this.#captures.length > 0
  }

  /** Text of the page, one character for each byte. */
  text(text: string): void {
    for (const capture of this.#captures) capture.text += text
  }

  tag(): void {
    this.text(border)
  }

  /** The element at `index` ends. */
  closed(index: number): void {
    for (let last = this.#captures.at(-1); last?.index === index; last = this.#captures.at(-1)) {
      this.#captures.pop()
      this.#set(last.slots, displayed(last.text))
    }
  }

  #set(slots: readonly number[], text: string): void {
    for (const slot of slots) {
      const declaration = this.#plan.predicate.reads[slot]
      if (declaration !== undefined) this.#values[slot] = textValue(declaration.type, text)
    }
  }
}

/** As a page shows it: references decoded, blanks around it gone and those inside it one space each. */
function displayed(text: string): string {
  const decoded = Buffer.from(text, 'latin1').toString('utf8').split(border).map(decodeText).join('')
  return decoded
    .replaceAll(/[ \t\n\f\r]+/g, ' ')
    .replace(/^ /, '')
    .replace(/ $/, '')
}
