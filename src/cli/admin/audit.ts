import { tailAudit } from '../../audit/tail.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { type Arguments, readArguments } from '../arguments.ts'
import { CommandError, type Io, UsageError } from '../cli.ts'
import { configHelp, configOptions, findConfig } from '../find-config.ts'
import { count, plainText, printJson } from '../print.ts'
import { type Verb, verbCommand } from './verbs.ts'

const usualLines = 10

async function fileFrom(given: Arguments, io: Io): Promise<string> {
  const named = given.word(0)
  if (named !== undefined) return named
  const { sink } = (await findConfig(given, io)).audit
  if (sink.kind === 'file') return sink.file
  throw new CommandError('the audit log goes to standard output; name the file where it is kept')
}

const verify: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['FILE?'] })
  const file = await fileFrom(given, io)
  const verdict = await verifyAudit(file)
  const { lines, last, firstBad, warnings } = verdict
  if (given.flag('json')) printJson(io, { file, ok: firstBad === undefined, ...verdict })
  else {
    for (const warning of warnings) io.out(`note: ${warning}`)
    const end = last === undefined ? '' : `; the last is event ${last.seq} of ${last.time}, chain ${last.chain}`
    io.out(`${count(lines, 'line')} ${lines === 1 ? 'holds' : 'hold'}${end}`)
    if (firstBad !== undefined) io.err(`sallyport: ${file}:${firstBad.line}: ${firstBad.reason}`)
  }
  return firstBad === undefined ? 0 : 1
}

const tail: Verb = async (args, { io }) => {
  const options = { ...configOptions, lines: 'text', follow: 'flag' } as const
  const given = readArguments(args, { options, words: ['FILE?'], short: { lines: 'n', follow: 'f' } })
  const wanted = given.text('lines') ?? String(usualLines)
  if (!/^\d{1,9}$/.test(wanted)) throw new UsageError('--lines must be a number')
  const file = await fileFrom(given, io)
  const follow = given.flag('follow')
  const stop = follow ? { signal: io.stopSignal() } : {}
  for await (const line of tailAudit(file, { lines: Number(wanted), follow, ...stop })) io.out(plainText(line))
  return 0
}

export const audit = verbCommand(
  {
    name: 'audit',
    summary: 'the audit log: verify, tail',
    usage: `sallyport audit verify [FILE]                 exit code 1 and the first bad line where the chain is broken
sallyport audit tail [FILE] [-n LINES] [-f]   -f goes on with lines as they are written

FILE is the configured one where it is left out.
${configHelp}`,
  },
  { verify, tail },
)
