/** The filter by the book: JSON.parse decides what is JSON, a plain reading of the text decides the rest. Slow, whole. */
import { type FieldValue, JsonNumber, unreadable } from '../../../src/mask/language.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'

export type Tree =
  | { readonly kind: 'object'; readonly raw: string; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly raw: string; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly raw: string }

interface Member {
  readonly raw: string
  readonly key: string
  readonly value: Tree
}

export interface Expected {
  /** Without the blanks between tokens; undefined = refused. */
  readonly text: string | undefined
  readonly rows: readonly string[]
  readonly counts: { rows: number; withheld: number; fieldsWithheld: number; violations: number }
}

export function parseBytes(bytes: Uint8Array, maxDepth: number): Tree | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    JSON.parse(text)
    const tree = new Reader(text).value()
    return depthOf(tree) <= maxDepth ? tree : undefined
  } catch {
    return undefined
  }
}

function depthOf(tree: Tree): number {
  if (tree.kind === 'scalar') return 0
  const inside = tree.kind === 'array' ? tree.items : tree.members.map((member) => member.value)
  return 1 + inside.reduce((most, item) => Math.max(most, depthOf(item)), 0)
}

/** Only for text that JSON.parse took. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): Tree {
    this.#blanks()
    const from = this.#at
    const first = this.#text[from]
    if (first === '{') return this.#object(from)
    if (first === '[') return this.#array(from)
    const token = /"(?:[^"\\]|\\.)*"|[-+.\w]+/suy
    token.lastIndex = from
    const raw = token.exec(this.#text)?.[0] ?? ''
    this.#at += raw.length
    return { kind: 'scalar', raw }
  }

  #object(from: number): Tree {
    const members: Member[] = []
    while (this.#next('}')) {
      const key = this.value().raw
      this.#blanks()
      this.#at++
      const parsed: unknown = JSON.parse(key)
      members.push({ raw: key, key: String(parsed), value: this.value() })
    }
    return { kind: 'object', raw: this.#text.slice(from, this.#at), members }
  }

  #array(from: number): Tree {
    const items: Tree[] = []
    while (this.#next(']')) items.push(this.value())
    return { kind: 'array', raw: this.#text.slice(from, this.#at), items }
  }

  /** Past the bracket or comma, and whether another entry follows. */
  #next(close: string): boolean {
    this.#blanks()
    if (this.#text[this.#at] === close) {
      this.#at++
      return false
    }
    if (this.#text[this.#at] !== ',' && !'{['.includes(this.#text[this.#at] ?? '')) throw new TypeError('reader lost')
    this.#at++
    this.#blanks()
    if (this.#text[this.#at] !== close) return true
    this.#at++
    return false
  }

  #blanks(): void {
    while (/[ \t\r\n]/u.test(this.#text[this.#at] ?? '')) this.#at++
  }
}

class Refused extends Error {}

export function expectJson(plan: RowPlan, bytes: Uint8Array): Expected {
  const tree = parseBytes(bytes, plan.limits.maxDepth)
  const judge = new Judge(plan)
  try {
    if (tree === undefined) throw new Refused()
    return { text: judge.place(tree, []), rows: judge.rows, counts: judge.counts }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { text: undefined, rows: [], counts: judge.counts }
  }
}

/** Lines are split at line feeds; the last one may lack it. */
export function expectLines(plan: RowPlan, bytes: Uint8Array): Expected {
  const judge = new Judge({ ...plan, at: [[]] })
  const whole = Buffer.from(bytes)
  let text = ''
  try {
    for (let from = 0; from < whole.length; ) {
      const feed = whole.indexOf(0x0a, from)
      const to = feed < 0 ? whole.length : feed
      text += judge.line(whole.subarray(from, to), feed < 0 ? '' : '\n')
      from = to + 1
    }
    return { text, rows: judge.rows, counts: judge.counts }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { text: undefined, rows: [], counts: judge.counts }
  }
}

class Judge {
  readonly rows: string[] = []
  readonly counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  readonly #plan: RowPlan
  #rowsClosed = false

  constructor(plan: RowPlan) {
    this.#plan = plan
  }

  line(bytes: Uint8Array, feed: string): string {
    if (/^[ \t\r]*$/u.test(Buffer.from(bytes).toString('latin1'))) return feed
    const tree = parseBytes(bytes, this.#plan.limits.maxDepth)
    if (tree !== undefined) {
      const text = this.#row(tree)
      return text === undefined ? '' : text + feed
    }
    this.counts.rows++
    this.counts.withheld++
    this.counts.violations++
    this.#blockOnly()
    return ''
  }

  place(tree: Tree, path: readonly string[]): string {
    if (this.#rules('at').some((rule) => same(rule, path))) return this.#alone(tree, path)
    if (this.#rules('keep').some((rule) => same(rule, path))) return compact(tree)
    if (this.#plan.total !== undefined && same(this.#plan.total.path, path)) return this.#total(tree)
    const next = this.#next(path)
    const names = next.filter((token) => token !== '*')
    if (tree.kind === 'object' && names.length > 0) {
      if (unclear(tree.members, names)) throw new Refused()
      const members = tree.members.map((member) => {
        const known = names.includes(member.key)
        if (!known && this.#plan.strict && member.value.raw !== 'null') throw new Refused()
        return `${member.raw}:${known ? this.place(member.value, [...path, member.key]) : 'null'}`
      })
      return `{${members.join(',')}}`
    }
    if (tree.kind === 'array' && next.includes('*')) return this.#elements(tree.items, [...path, '*'])
    const wanted = this.#plan.strict || this.#rules('at').some((rule) => begins(rule, path))
    if (tree.raw !== 'null' && wanted) throw new Refused()
    if (this.#holdsRows(path)) this.#rowsClosed = true
    return 'null'
  }

  #elements(items: readonly Tree[], path: readonly string[]): string {
    const rows = this.#rules('at').some((rule) => same(rule, path))
    const texts = items.map((item) => (rows ? this.#row(item) : this.place(item, path)))
    if (rows) this.#rowsClosed = true
    return `[${texts.filter((text) => text !== undefined).join(',')}]`
  }

  #alone(tree: Tree, path: readonly string[]): string {
    const text = this.#row(tree)
    if (text !== undefined) return text
    if (path.includes('*')) return 'null'
    throw new Refused()
  }

  #total(tree: Tree): string {
    const policy = this.#plan.total?.policy
    if (policy === 'block' && tree.raw !== 'null') throw new Refused()
    const countable = this.#plan.at.length === 1 && this.#plan.at[0]?.at(-1) === '*'
    if (policy !== 'recount' || !this.#rowsClosed || !countable || !/^[-\d]/u.test(tree.raw)) return 'null'
    return String(this.counts.rows - this.counts.withheld)
  }

  #row(tree: Tree): string | undefined {
    this.counts.rows++
    const violated = tree.kind === 'object' && this.#violated(tree, this.#fieldPaths(), 0)
    if (violated) this.counts.violations++
    if (tree.kind === 'object' && !violated && this.#plan.predicate.test(this.#read(tree))) {
      this.rows.push(tree.raw)
      return this.#without(tree, [])
    }
    this.counts.withheld++
    this.#blockOnly()
    return undefined
  }

  #blockOnly(): void {
    if (this.#plan.onViolation === 'block') throw new Refused()
  }

  #fieldPaths(): readonly (readonly string[])[] {
    return [...this.#plan.predicate.reads.map((field) => field.path), ...this.#plan.withhold.map((field) => field.path)]
  }

  #violated(tree: Tree, paths: readonly (readonly string[])[], depth: number): boolean {
    if (tree.kind === 'scalar') return false
    const guarded = this.#plan.withhold
      .map((field) => field.path)
      .filter((path) => paths.includes(path) && path.length > depth)
    const wrong = guarded.some((path) => (path[depth] === '*') === (tree.kind === 'object'))
    if (wrong) return true
    const below = (token: string): readonly (readonly string[])[] => paths.filter((path) => path[depth] === token)
    if (tree.kind === 'array') {
      const starred = guarded.filter((path) => path[depth] === '*')
      return tree.items.some((item) => this.#violated(item, starred, depth + 1))
    }
    const names = [...new Set(paths.map((path) => path[depth]).filter((token) => token !== undefined))]
    if (unclear(tree.members, names)) return true
    return tree.members.some((member) => this.#violated(member.value, below(member.key), depth + 1))
  }

  #read(tree: Tree): readonly FieldValue[] {
    return this.#plan.predicate.reads.map((field) => valueAt(tree, field.path))
  }

  #without(tree: Tree, path: readonly string[]): string {
    if (tree.kind === 'array') return `[${tree.items.map((item) => this.#without(item, [...path, '*'])).join(',')}]`
    if (tree.kind === 'scalar') return tree.raw
    const texts = tree.members.map((member) => {
      const place = [...path, member.key]
      if (!this.#plan.withhold.some((field) => same(field.path, place)))
        return `${member.raw}:${this.#without(member.value, place)}`
      this.counts.fieldsWithheld++
      return this.#plan.withheldAs === 'null' ? `${member.raw}:null` : undefined
    })
    return `{${texts.filter((text) => text !== undefined).join(',')}}`
  }

  #rules(kind: 'at' | 'keep'): readonly (readonly string[])[] {
    return this.#plan[kind]
  }

  #holdsRows(path: readonly string[]): boolean {
    return this.#rules('at').some((rule) => same(rule, [...path, '*']))
  }

  #next(path: readonly string[]): readonly string[] {
    const rules = [
      ...this.#plan.at,
      ...this.#plan.keep,
      ...(this.#plan.total === undefined ? [] : [this.#plan.total.path]),
    ]
    return rules.filter((rule) => begins(rule, path)).map((rule) => rule[path.length] ?? '')
  }
}

function valueAt(tree: Tree, path: readonly string[]): FieldValue {
  if (path.length === 0) return valueOf(tree)
  if (tree.kind === 'object') {
    const member = tree.members.find((candidate) => candidate.key === path[0])
    return member === undefined ? undefined : valueAt(member.value, path.slice(1))
  }
  return tree.raw === 'null' ? undefined : unreadable
}

function valueOf(tree: Tree): FieldValue {
  if (tree.kind === 'object') return unreadable
  const value: unknown = JSON.parse(tree.raw)
  if (tree.kind === 'array')
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : unreadable
  if (typeof value === 'number') return new JsonNumber(tree.raw)
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}

/** A ruled name occurs twice, or in a spelling that is equal only without case. */
function unclear(members: readonly Member[], names: readonly string[]): boolean {
  return names.some((name) => {
    const like = members.filter(
      (member) => sameWithoutCase(member.key, name) && (member.key === name || !names.includes(member.key)),
    )
    return like.length > 1 || (like.length === 1 && like[0]?.key !== name)
  })
}

function sameWithoutCase(left: string, right: string): boolean {
  return new RegExp(`^${left.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')}$`, 'iu').test(right)
}

export function compact(tree: Tree): string {
  if (tree.kind === 'array') return `[${tree.items.map(compact).join(',')}]`
  if (tree.kind === 'scalar') return tree.raw
  return `{${tree.members.map((member) => `${member.raw}:${compact(member.value)}`).join(',')}}`
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && begins(left, right)
}

function begins(rule: readonly string[], path: readonly string[]): boolean {
  return path.every((token, at) => rule[at] === token)
}
