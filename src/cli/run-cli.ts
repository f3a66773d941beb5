import { existsSync, readFileSync } from 'node:fs'
import { ConfigError, formatProblems, suggestion } from '../config/problems.ts'
import { ProxyError } from '../errors.ts'
import { account } from './admin/account.ts'
import { audit } from './admin/audit.ts'
import { ban } from './admin/ban.ts'
import { grant } from './admin/grant.ts'
import { group } from './admin/group.ts'
import { key } from './admin/key.ts'
import { support } from './admin/support.ts'
import { tenant } from './admin/tenant.ts'
import { token } from './admin/token.ts'
import { apply } from './apply.ts'
import { check } from './check.ts'
import { type Cli, type Command, UsageError } from './cli.ts'
import { demo } from './demo.ts'
import { explain } from './explain.ts'
import { usualConfig } from './find-config.ts'
import { learn } from './learn.ts'
import { migrate } from './migrate.ts'
import { plainText } from './print.ts'
import { serve } from './serve.ts'

const commands: readonly Command[] = [
  demo,
  serve,
  check,
  explain,
  learn,
  apply,
  account,
  tenant,
  group,
  grant,
  key,
  token,
  support,
  ban,
  audit,
  migrate,
]

/** Runs one command line; the result is the exit code. Nothing is thrown. */
export async function runCli(argv: readonly string[], cli: Cli): Promise<number> {
  try {
    return await dispatch(argv, cli)
  } catch (error) {
    return report(error, cli)
  }
}

async function dispatch(argv: readonly string[], cli: Cli): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined) return demo.run([], cli)
  if (first === '--version') return print(cli, version())
  if (first === '--help' || first === '-h') return print(cli, overview())
  if (first === 'help') return print(cli, rest[0] === undefined ? overview() : commandNamed(rest[0]).usage)
  if (first.startsWith('-')) return implied(argv).run(argv, cli)
  const command = commandNamed(first)
  const options = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length)
  if (options.includes('--help') || options.includes('-h')) return print(cli, command.usage)
  return command.run(rest, cli)
}

/** Options without a command: `serve` where something says what to serve, else the demo, which takes ports too. */
function implied(argv: readonly string[]): Command {
  const isPortOnly = argv.every(
    (word, i) => /^--(?:admin-)?port(?:=|$)/.test(word) || /^--(?:admin-)?port$/.test(argv[i - 1] ?? ''),
  )
  return isPortOnly && !existsSync(usualConfig) ? demo : serve
}

function commandNamed(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name)
  if (command !== undefined) return command
  const names = commands.map((candidate) => candidate.name)
  throw new UsageError(`there is no command ${plainText(name.slice(0, 80))}${suggestion(name, names)}`)
}

function print({ io }: Cli, text: string): number {
  io.out(text)
  return 0
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `sallyport <command>: a security reverse proxy with two doors

${lines.join('\n')}

Without a command, or with ports only where there is no ${usualConfig}: the demo. With other options only: serve.
sallyport help <command> says more. Exit codes: 0 done, 1 refused or failed, 2 bad usage or configuration.`
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return String(found)
}

/** One line on standard error, or one for each problem of a file; the whole story with SALLYPORT_DEBUG=1. */
function report(error: unknown, { io }: Cli): number {
  if (io.env['SALLYPORT_DEBUG'] === '1' && error instanceof Error) io.err(error.stack ?? error.message)
  if (error instanceof ConfigError) {
    io.err(formatProblems(error.problems))
    return 2
  }
  io.err(`sallyport: ${messageOf(error)}`)
  return error instanceof UsageError ? 2 : 1
}

function messageOf(error: unknown): string {
  if (error instanceof ProxyError) return plainText(`${error.message} (${error.code})`)
  return plainText(error instanceof Error ? error.message : String(error))
}
