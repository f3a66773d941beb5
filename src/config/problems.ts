/** Names and indexes from the root of the document. */
export type Path = readonly (string | number)[]

export interface Problem {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** `apps[0].routes[1].dataset`; empty for the whole document. */
  readonly path: string
  readonly message: string
}

/** A configuration that is refused as a whole, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in the configuration`)
    this.problems = problems
  }
}

/** One line for each: `sallyport.yaml:14:7 apps[0].routes[1].dataset: no dataset is called "order"`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n')
}

function formatProblem({ file, line, column, path, message }: Problem): string {
  return path === '' ? `${file}:${line}:${column} ${message}` : `${file}:${line}:${column} ${path}: ${message}`
}

/** Why a file cannot be read, in words for the causes that people meet. */
export function unreadable(cause: unknown): string {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const words = new Map<unknown, string>([
    ['ENOENT', 'there is no such file'],
    ['EACCES', 'may not be read by this user'],
    ['EISDIR', 'is a folder, not a file'],
  ]).get(code)
  return words ?? `cannot be read (${String(code)})`
}

export function formatPath(path: Path): string {
  let out = ''
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`
    else if (!/^[A-Za-z_$][A-Za-z0-9_-]*$/.test(step)) out += `[${JSON.stringify(step.slice(0, 80))}]`
    else out += out === '' ? step : `.${step}`
  }
  return out
}

/** `; did you mean "orders"?`, or nothing where no name is near. */
export function suggestion(name: string, known: Iterable<string>): string {
  let best: string | undefined
  let least = Math.min(3, Math.ceil(name.length / 3) + 1)
  for (const candidate of known) {
    const distance = name.length > 64 ? least : editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance >= least) continue
    least = distance
    best = candidate
  }
  return best === undefined ? '' : `; did you mean ${JSON.stringify(best)}?`
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? a.length
}
