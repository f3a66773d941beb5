import type { Config } from '../config/config.ts'

/** What a command may see of the world. */
export interface Io {
  readonly env: NodeJS.ProcessEnv
  /** Somebody is watching standard output. */
  readonly isTerminal: boolean
  /** A line, or several. */
  out(text: string): void
  err(text: string): void
  /** Standard input to its end; refuses more than `maxBytes`. */
  readInput(maxBytes: number): Promise<string>
  /** Resolves at the first SIGINT or SIGTERM after the call. */
  untilStopped(): Promise<void>
  /** Aborted at the first SIGINT or SIGTERM after the call. */
  stopSignal(): AbortSignal
}

/** A running edge. */
export interface Edge {
  readonly url: string
  readonly adminUrl: string
  close(): Promise<void>
}

export interface EdgeOptions {
  readonly log: 'json' | 'silent'
  readonly createKeys: boolean
}

/** Handed in by main.ts: nothing here may import the composition root. */
export type StartEdge = (config: Config, options: EdgeOptions) => Promise<Edge>

export interface Cli {
  readonly io: Io
  readonly startEdge: StartEdge
}

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What `help <command>` shows. */
  readonly usage: string
  /** The exit code: 0 done, 1 refused or failed, 2 bad usage or configuration. */
  run(args: readonly string[], cli: Cli): Promise<number>
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Understood, and refused or failed: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
