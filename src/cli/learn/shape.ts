import type { FieldType } from '../../mask/language.ts'

/** What is known of a value before anybody decided what it means: read from a schema, or from recorded answers. */
export type Shape = ScalarShape | ObjectShape | ListShape | UnknownShape

interface ScalarShape {
  readonly kind: 'scalar'
  readonly type: FieldType
  /** What whoever decides should know of it. */
  readonly notes: readonly string[]
  /** Different values met in recorded answers; undefined where none were counted. */
  readonly distinct: number | undefined
  /** Few values that come again and again. */
  readonly grouped: boolean
}

export interface ObjectShape {
  readonly kind: 'object'
  /** Name of the schema it comes from. */
  readonly name: string | undefined
  readonly members: ReadonlyMap<string, Member>
}

interface Member {
  readonly shape: Shape
  /** May be missing or null. */
  readonly optional: boolean
}

interface ListShape {
  readonly kind: 'list'
  readonly element: Shape
}

interface UnknownShape {
  readonly kind: 'unknown'
  readonly why: string
}

export function unknown(why: string): Shape {
  return { kind: 'unknown', why }
}

export function scalar(type: FieldType, notes: readonly string[] = []): Shape {
  return { kind: 'scalar', type, notes, distinct: undefined, grouped: false }
}

/** `id`, `orderId`, `order_id`, `ORDER-ID`: compared as text, whether it is written as a number or not. */
export function isIdName(name: string): boolean {
  return /^(?:id|uuid|guid|key|code)$/i.test(name) || /(?:[a-z0-9]I[dD]|[A-Za-z0-9][_.-]id)$/.test(name)
}

/** RFC 6901, `/` for the whole document. */
export function pointerText(path: readonly string[]): string {
  if (path.length === 0) return '/'
  return path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
