import type { Position, SourceDocument } from './document.ts'
import { formatPath, type Path, type Problem } from './problems.ts'

/** Nobody reads more. */
const maxProblems = 500

/** Gathers everything that is wrong with one file. */
export class Report {
  readonly #file: string
  readonly #document: SourceDocument
  readonly #found: { readonly path: Path; readonly problem: Problem }[] = []
  readonly #referenced: Path[] = []

  constructor(file: string, document: SourceDocument) {
    this.#file = file
    this.#document = document
  }

  add(path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    this.addAt(this.#document.locate(path, part), path, message)
  }

  addAt({ line, column }: Position, path: Path, message: string): void {
    this.#found.push({ path, problem: { file: this.#file, line, column, path: formatPath(path), message } })
  }

  /** Nothing is wrong at `path`, below it, or with what holds it. */
  clean(path: Path): boolean {
    return !this.#found.some((found) => isBelow(found.path, path) || isBelow(path, found.path))
  }

  /** The value at `path` came from the environment or a file: no message may show it. */
  markReferenced(path: Path): void {
    this.#referenced.push(path)
  }

  /** Something at `path` or below it came from the environment or a file. */
  referenced(path: Path): boolean {
    return this.#referenced.some((marked) => isBelow(marked, path))
  }

  /** The value in quotes, unless it came from the environment or a file. */
  quote(path: Path, value: string): string {
    return this.referenced(path) ? 'the referenced value' : JSON.stringify(value.slice(0, 80))
  }

  /** In the order of the file. The number told is bounded, the number known is not: `clean` must never forget one. */
  get problems(): readonly Problem[] {
    const problems = this.#found.map(({ problem }) => problem)
    return problems.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, maxProblems)
  }
}

function isBelow(path: Path, above: Path): boolean {
  return above.every((step, i) => path[i] === step)
}
