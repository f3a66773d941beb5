import { readFile } from 'node:fs/promises'
import { type Arguments, readArguments } from './arguments.ts'
import { type Command, CommandError, UsageError } from './cli.ts'
import { type Decision, decideRequest } from './explain/explain-request.ts'
import { explainRows, type RowVerdict } from './explain/explain-rows.ts'
import { explanationJson, explanationText } from './explain/explanation.ts'
import { admittedRequest, policyInForce, type RequestToExplain } from './explain/request.ts'
import { readResponse } from './explain/sample.ts'
import { configHelp, configOptions } from './find-config.ts'
import { type Directory, inDirectory } from './open-rooms.ts'
import { printJson } from './print.ts'

const requestOptions = { account: 'text', tenant: 'text', method: 'text', path: 'text', host: 'text' } as const

export const explain: Command = {
  name: 'explain',
  summary: 'what would happen to a request, and by which rule',
  usage: `sallyport explain --account EMAIL --tenant T --method M --path P [--host H] [--body F] [--response F]

Runs the edge's own checks over a request that is never sent: route, roles, mask by rule, headers the app
is told, and with --response which rows and fields would reach the caller. Exit code 1 where it is refused.

  --path P          path and query, as a client sends them
  --host H          where several hosts are served (default: the host of publicUrl)
  --body F          a JSON body: would the write be refused?
  --response F      the app's answer (JSON); \`sample\` = what the demo's app has
${configHelp}`,
  async run(args, { io }) {
    const files = { body: 'text', response: 'text' } as const
    const given = readArguments(args, { options: { ...configOptions, ...requestOptions, ...files } })
    const [email, tenant] = [given.required('account'), given.required('tenant')]
    const [method, target] = [given.required('method').toUpperCase(), given.required('path')]
    return inDirectory(given, io, async (directory) => {
      const request = { method, target, host: given.text('host') ?? usualHost(directory) }
      const policy = await policyInForce(directory.store, email, tenant)
      const body = await readBody(given)
      const decision = decideRequest(admittedRequest(request), policy, directory.config, body)
      const rows = await rowVerdicts(given, decision, request)
      const bodyAccepted = body !== undefined && decision.refusal === undefined
      const explained = { request, policy, decision, bodyAccepted, rows }
      if (given.flag('json')) printJson(io, explanationJson(explained))
      else io.out(explanationText(explained))
      return decision.refusal === undefined ? 0 : 1
    })
  },
}

function usualHost({ config }: Directory): string {
  const hosts = config.apps.flatMap((app) => app.hosts)
  return hosts.includes(config.publicHost) ? config.publicHost : (hosts[0] ?? config.publicHost)
}

async function readBody(given: Arguments): Promise<Buffer | undefined> {
  const file = given.text('body')
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (cause) {
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    throw new CommandError(`${file} cannot be read (${String(code)})`, { cause })
  }
}

async function rowVerdicts(
  given: Arguments,
  { destination, rows, refusal }: Decision,
  { target }: RequestToExplain,
): Promise<readonly RowVerdict[] | undefined> {
  const name = given.text('response')
  if (name === undefined) return undefined
  if (refusal !== undefined && refusal.stage !== 'mask') return undefined
  const declared = destination?.route.rows
  if (declared === undefined || rows === undefined)
    throw new UsageError('--response: the route declares no rows, its answer passes as it is')
  return explainRows(await readResponse(name, declared, target.split('?', 1)[0] ?? target), declared, rows)
}
