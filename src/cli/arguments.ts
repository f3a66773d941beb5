import { parseArgs } from 'node:util'
import { UsageError } from './cli.ts'

export type OptionKind = 'text' | 'list' | 'flag'

export interface Grammar {
  readonly options?: Readonly<Record<string, OptionKind>>
  /** Names of the words besides the options, as the usage line shows them; a final `?` marks one that may be left out. */
  readonly words?: readonly string[]
  /** One-letter names. */
  readonly short?: Readonly<Record<string, string>>
}

/** Reads the words of a command line; whatever it does not know is a `UsageError`. */
export function readArguments(args: readonly string[], grammar: Grammar): Arguments {
  const kinds = Object.entries(grammar.options ?? {})
  const short = new Map(Object.entries(grammar.short ?? {}))
  const options = Object.fromEntries(kinds.map(([name, kind]) => [name, optionFor(kind, short.get(name))] as const))
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
    checkWords(positionals, grammar.words ?? [])
    return new Arguments(new Map(Object.entries(values)), positionals)
  } catch (cause) {
    if (cause instanceof UsageError || !(cause instanceof TypeError)) throw cause
    throw new UsageError(firstSentence(cause.message), { cause })
  }
}

function optionFor(kind: OptionKind, short: string | undefined) {
  const letter = short === undefined ? {} : { short }
  return { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: kind === 'list', ...letter }
}

function checkWords(given: readonly string[], names: readonly string[]): void {
  const missing = names[given.length]
  if (missing !== undefined && !missing.endsWith('?')) throw new UsageError(`${missing} is missing`)
  if (given.length > names.length) throw new UsageError(`unexpected argument: ${given[names.length] ?? ''}`)
}

/** parseArgs goes on to explain its own conventions. */
function firstSentence(message: string): string {
  return message.split(/\. |\n/, 1)[0] ?? message
}

/** Options by name, and the words besides them. */
export class Arguments {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #words: readonly string[]

  constructor(values: ReadonlyMap<string, unknown>, words: readonly string[]) {
    this.#values = values
    this.#words = words
  }

  word(index: number): string | undefined {
    return this.#words[index]
  }

  /** One that the grammar demands. */
  requiredWord(index: number): string {
    const word = this.#words[index]
    if (word === undefined) throw new TypeError('the grammar demands no such word')
    return word
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value === '') throw new UsageError(`--${name} must not be empty`)
    return typeof value === 'string' ? value : undefined
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw new UsageError(`--${name} is missing`)
    return value
  }

  /** Undefined where the option was not given at all. */
  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value.map(String) : undefined
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true
  }

  port(name: string): number | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : parsePort(value, `--${name}`)
  }
}

export function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new UsageError(`${what} must be a port, 0 to 65535`)
  return port
}
