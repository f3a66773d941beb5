import { suggestion } from '../../config/problems.ts'
import { type Cli, type Command, UsageError } from '../cli.ts'

export type Verb = (args: readonly string[], cli: Cli) => Promise<number>

/** A command whose first word says what to do: `account list`. */
export function verbCommand(command: Omit<Command, 'run'>, verbs: Readonly<Record<string, Verb>>): Command {
  const known = new Map(Object.entries(verbs))
  return {
    ...command,
    async run(args, cli) {
      const [name = '', ...rest] = args
      const verb = known.get(name)
      if (verb !== undefined) return verb(rest, cli)
      const list = [...known.keys()].join(', ')
      if (name === '') throw new UsageError(`${command.name}: say what to do: ${list}`)
      throw new UsageError(`${command.name}: no such thing to do: ${name}${suggestion(name, known.keys())} (${list})`)
    },
  }
}
