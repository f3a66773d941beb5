/** The types of a declared field (docs/masks.md). The declaration decides, never the value. */
export type FieldType = 'string' | 'id' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime' | 'string[]'

export type ScalarType = Exclude<FieldType, 'string[]'>

/** What a declared attribute of a user holds. */
export type AttributeType = ScalarType | `${ScalarType}[]`

export interface FieldDeclaration {
  readonly name: string
  readonly type: FieldType
  /** Where the value stands in the row: decoded RFC 6901 reference tokens. */
  readonly path: readonly string[]
}

/** A declared kind of row. */
export interface Dataset {
  readonly name: string
  /** Name of the field that names the row's tenant. */
  readonly tenantField: string
  readonly fields: ReadonlyMap<string, FieldDeclaration>
  /** `tenant`: every member of the tenant may read; `granted`: only with a permit grant. */
  readonly visibility: 'tenant' | 'granted'
  /** A mask every caller is held to, as written; undefined = none. */
  readonly base: unknown
  /** What users have, where the configuration says it: a mask may name nothing else. */
  readonly attributes?: ReadonlyMap<string, AttributeType> | undefined
}

/** A number exactly as the document spells it, so that nothing beyond 2^53 is rounded. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A JSON value that no operator reads: an object, or an array that is not all strings. */
export const unreadable: unique symbol = Symbol('unreadable')

/** What a row holds at a field's path. `undefined` = absent. */
export type FieldValue = undefined | null | boolean | string | JsonNumber | readonly string[] | typeof unreadable

/** Says whether a row is permitted: only TRUE permits (three-valued logic). */
export interface RowPredicate {
  /** The fields that `test` wants, in the order of its argument. */
  readonly reads: readonly FieldDeclaration[]
  test(values: readonly FieldValue[]): boolean
  /** The same taken apart, for readers that test a value as soon as they have it. */
  readonly parts?: PredicateParts
  /** What it was composed of: a row is permitted only if every one of them holds. */
  readonly rules?: readonly PredicateRule[]
}

export interface PredicateRule {
  /** As the audit knows it: one name, or those of all permits, of which one has to hold. */
  readonly names: readonly string[]
  /** Over the values that the predicate reads. */
  test(values: readonly FieldValue[]): boolean
  /** The same over the leaves of the predicate's parts. */
  readonly formula: Formula
}

export interface PredicateParts {
  readonly leaves: readonly PredicateLeaf[]
  /** Over the leaves that hold. Without negation: more leaves never permit less. */
  readonly formula: Formula
}

export interface PredicateLeaf {
  /** Position of the value among the predicate's arguments. */
  readonly slot: number
  readonly test: (value: FieldValue) => boolean
  /**
   * The decimals that a number is compared with: between two of them the test gives one answer for all integers, and
   * for all decimals where the field is a `number`. Undefined where the test is about anything but numbers.
   */
  readonly points?: readonly string[] | undefined
}

export type Formula =
  | { readonly kind: 'true' | 'false' }
  | { readonly kind: 'leaf'; readonly leaf: number }
  | { readonly kind: 'and' | 'or'; readonly children: readonly Formula[] }
