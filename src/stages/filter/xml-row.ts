import type { SaxesTagPlain } from 'saxes'
import { type FieldValue, unreadable } from '../../mask/language.ts'
import type { RowPlan } from './row-plan.ts'
import { textValue } from './text-value.ts'
import { Verdicts } from './verdicts.ts'
import { applyCuts, type XmlCut } from './xml-cuts.ts'
import { type FieldNode, local, plain, twin, type XmlTree } from './xml-tree.ts'

/** In a kept element no level follows this one. */
const unruled = -2

/**
 * Judges one row, or keeps one element whole. What makes a violation: a ruled element twice in its parent; a name that
 * some reader takes for a ruled one (case, prefix, attribute for element); child elements, comments, or more than one
 * piece of text in an element whose text is read; a processing instruction anywhere.
 */
export class XmlRow {
  readonly #plan: RowPlan
  readonly #tree: XmlTree
  readonly #verdicts: Verdicts
  /** Asks for text to be told, or no longer. */
  readonly #listen: (wanted: boolean) => void
  readonly #values: FieldValue[]
  readonly #cuts: XmlCut[] = []
  /** By node: of which parent's occurrence it is the child that was seen last, and its own occurrence. */
  readonly #seenIn: Float64Array
  readonly #occurrence: Float64Array
  #occurrences = 0
  /** How many elements are open below the row's. */
  #level = 0
  /** The innermost open element that a rule knows, and its level. */
  #node: FieldNode | undefined
  #nodeLevel = unruled
  /** Level of the withheld element that is open, and its cut. */
  #cutLevel = -1
  #cut: { end: number } | undefined
  /** The text of `#node` is wanted. */
  #reading = false
  #pieces = 0
  #text = ''
  #nil = false
  #violated = false
  #fieldsWithheld = 0

  constructor(plan: RowPlan, tree: XmlTree, listen: (wanted: boolean) => void) {
    this.#plan = plan
    this.#tree = tree
    this.#verdicts = new Verdicts(plan.predicate)
    this.#listen = listen
    this.#values = plan.predicate.reads.map(() => undefined)
    this.#seenIn = new Float64Array(tree.size)
    this.#occurrence = new Float64Array(tree.size)
  }

  get violated(): boolean {
    return this.#violated
  }

  get fieldsWithheld(): number {
    return this.#fieldsWithheld
  }

  /** The verdict on a row that is complete; it is counted. */
  judge(): boolean {
    return !this.#violated && this.#verdicts.permits(this.#values)
  }

  /** Of all rows so far. */
  get rules(): ReadonlyMap<string, number> {
    return this.#verdicts.rules
  }

  /** `source` as it may go out. */
  released(source: string): string {
    return this.#cuts.length === 0 ? source : applyCuts(source, this.#cuts, this.#plan.withheldAs === 'null')
  }

  /** All positions count from the begin of the row. `end` is that of the tag. */
  begin(role: 'row' | 'keep', tag: SaxesTagPlain, end: number): void {
    this.#level = 0
    this.#cutLevel = -1
    this.#violated = false
    this.#fieldsWithheld = 0
    this.#cuts.length = 0
    this.#node = undefined
    this.#nodeLevel = unruled
    if (role === 'keep') return
    this.#values.fill(undefined)
    for (const slot of this.#tree.unreadableSlots) this.#values[slot] = unreadable
    this.#enter(this.#tree.row, tag, end)
  }

  open(tag: SaxesTagPlain, end: number): void {
    this.#level++
    if (this.#violated || this.#level !== this.#nodeLevel + 1 || this.#node === undefined) return
    const found = this.#reading ? twin : this.#node.meetElement(tag.name)
    if (found === plain) return
    if (found === twin || this.#isSecond(this.#node, found)) this.#violate()
    else this.#enter(found, tag, end)
  }

  close(end: number): void {
    if (this.#level === this.#nodeLevel) this.#leave(end)
    this.#level--
  }

  text(text: string): void {
    if (!this.#reading) return
    this.#pieces++
    this.#text = text
    if (this.#pieces > 1) this.#violate()
  }

  comment(end: number): void {
    if (this.#reading) this.#violate()
    else if (this.#cutLevel < 0 && !this.#violated) this.#cuts.push({ kind: 'comment', end })
  }

  instruction(): void {
    this.#violate()
  }

  #isSecond(parent: FieldNode, child: FieldNode): boolean {
    if (child === parent.wild) return false
    const occurrence = this.#occurrence[parent.id] ?? 0 // in bounds: the tree knows no other ids
    const second = this.#seenIn[child.id] === occurrence
    this.#seenIn[child.id] = occurrence
    return second
  }

  #enter(node: FieldNode, tag: SaxesTagPlain, end: number): void {
    this.#node = node
    this.#nodeLevel = this.#level
    this.#occurrence[node.id] = ++this.#occurrences
    if (node.withheld) this.#cutElement(end)
    this.#reading = node.slots.length > 0
    this.#nil = false
    this.#readAttributes(node, tag, end)
    if (!this.#reading) return
    this.#pieces = 0
    this.#text = ''
    this.#listen(true)
  }

  #cutElement(openEnd: number): void {
    if (this.#cutLevel >= 0) return
    const cut: XmlCut = { kind: 'element', openEnd, end: 0 }
    this.#fieldsWithheld++
    this.#cutLevel = this.#level
    this.#cut = cut
    this.#cuts.push(cut)
  }

  #readAttributes(node: FieldNode, { attributes }: SaxesTagPlain, end: number): void {
    const names: string[] = []
    for (const name of Object.keys(attributes)) {
      const found = node.meetAttribute(name)
      if (found === twin) return this.#violate()
      // xsi:nil: to some readers the element is null, whatever it holds.
      if (found === plain) this.#nil ||= local(name).toLowerCase() === 'nil'
      else {
        for (const slot of found.slots) this.#values[slot] = this.#valueOf(slot, attributes[name] ?? '')
        if (found.withheld && this.#cutLevel < 0) names.push(name)
      }
    }
    if (names.length === 0) return
    this.#fieldsWithheld += names.length
    this.#cuts.push({ kind: 'attributes', end, names })
  }

  #leave(end: number): void {
    const node = this.#node
    if (this.#reading && node !== undefined) {
      for (const slot of node.slots) this.#values[slot] = this.#nil ? unreadable : this.#valueOf(slot, this.#text)
      this.#stopReading()
    }
    if (this.#cut !== undefined && this.#cutLevel === this.#level) {
      this.#cut.end = end
      this.#cutLevel = -1
    }
    this.#node = node?.parent
    this.#nodeLevel--
  }

  #valueOf(slot: number, text: string): FieldValue {
    const field = this.#plan.predicate.reads[slot]
    return field === undefined ? unreadable : textValue(field.type, text)
  }

  #violate(): void {
    this.#violated = true
    this.#stopReading()
  }

  #stopReading(): void {
    if (this.#reading) this.#listen(false)
    this.#reading = false
  }
}
