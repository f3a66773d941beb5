import { isPlainObject } from '../../../mask/describe.ts'
import { queryRefused } from './query-parts.ts'
import { nothingWithheld, type WithheldPaths } from './withheld-paths.ts'

export type Members = Readonly<Record<string, unknown>>

/** Levels of a client's query, as JSON and so as a tree of conditions. */
const maxDepth = 40
/** Values in a client's query. */
const maxNodes = 50_000

/** Counts what a walk through a client's query comes across, and refuses what is too much or too deep. */
export class Walk {
  readonly withheld: WithheldPaths
  #nodesLeft = maxNodes
  #depth = 0

  constructor(withheld: WithheldPaths = nothingWithheld) {
    this.withheld = withheld
  }

  /** Runs `visit` one level deeper. */
  enter(visit: () => void): void {
    this.#depth += 1
    if (this.#depth > maxDepth) throw queryRefused('a query that is nested too deep')
    visit()
    this.#depth -= 1
  }

  /** The members of an object, each name checked and each counted. */
  members(value: unknown, what: string): readonly (readonly [string, unknown])[] {
    if (!isPlainObject(value)) throw queryRefused(`${what} that is no object`)
    const members = Object.entries(value)
    this.#count(members.length)
    for (const [name] of members) requirePlainName(name)
    return members
  }

  items(value: unknown, what: string): readonly unknown[] {
    if (!Array.isArray(value)) throw queryRefused(`${what} that is no list`)
    const items: readonly unknown[] = value
    this.#count(items.length)
    return items
  }

  #count(nodes: number): void {
    this.#nodesLeft -= nodes
    if (this.#nodesLeft < 0) throw queryRefused('a query with too many values')
  }
}

/** Names that some reader takes for an operator, or for its object's prototype, and another does not. */
function requirePlainName(name: string): void {
  if (name.includes('\0') || !name.isWellFormed()) throw queryRefused('a name that could end in two places')
  if (name === '__proto__') throw queryRefused('a name that means the prototype')
  if (!name.startsWith('$') && /^[\s\p{C}]*\$/u.test(name.normalize('NFKC')))
    throw queryRefused('a name that some would read as an operator')
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
