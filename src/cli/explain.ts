import { readFile } from 'node:fs/promises'
import { type Arguments, readArguments } from './arguments.ts'
import { type Command, CommandError, type Io, UsageError } from './cli.ts'
import { type AnswerExplanation, explainAnswer } from './explain/explain-answer.ts'
import { datasetJson, datasetNamed, datasetText, parseAction, rowsOf } from './explain/explain-dataset.ts'
import { type Decision, decideRequest } from './explain/explain-request.ts'
import { explanationJson, explanationText } from './explain/explanation.ts'
import { parseRenderKinds, renderHelp, renderings } from './explain/render-mask.ts'
import { admittedRequest, policyInForce, type RequestToExplain } from './explain/request.ts'
import { responseType } from './explain/response-type.ts'
import { readAnswer, sampleAnswer } from './explain/sample.ts'
import { readGivenRow, whyRow } from './explain/why-row.ts'
import { configHelp, configOptions } from './find-config.ts'
import { type Directory, inDirectory } from './open-rooms.ts'
import { printJson } from './print.ts'

const requestOptions = { account: 'text', tenant: 'text', method: 'text', path: 'text', host: 'text' } as const

const rightOptions = { dataset: 'text', action: 'text', row: 'text', render: 'text' } as const

const answerOptions = {
  body: 'text',
  response: 'text',
  'response-type': 'text',
  'response-status': 'text',
  'show-body': 'flag',
} as const

export const explain: Command = {
  name: 'explain',
  summary: 'what would happen to a request, and by which rule',
  usage: `sallyport explain --account EMAIL --tenant T --method M --path P [--host H] [--body F] [--response F]
sallyport explain --account EMAIL --tenant T --dataset D [--action A] [--row R] [--render KIND]

Runs the edge's own checks over a request that is never sent: route, roles, mask by rule, headers the app
is told, and with --response row by row what of the app's answer would reach the caller, by the route's own
filter. Exit code 1 where the request, or the answer, is refused.

The second form asks for rights alone: which rows of a dataset are the account's, why it can or cannot see the row R,
by which grant of which group.

  --dataset D           a dataset of the configuration
  --action A            read (default) or modify
  --row R               one row: JSON, or a file that holds it
  --render KIND         also the mask as an upstream would get it:
                        ${renderHelp}
  --path P              path and query, as a client sends them
  --host H              where several hosts are served (default: the host of publicUrl)
  --body F              a JSON body: would the write be refused?
  --response F          the app's answer (up to 64 MiB); \`sample\` = what the demo's apps have
  --response-type T     its media type (default: by the ending of F: .json .ndjson .jsonl .xml .csv .html .sse .events)
  --response-status N   its status (default: 200)
  --show-body           the answer as the caller would get it
${configHelp}`,
  async run(args, { io }) {
    const given = readArguments(args, {
      options: { ...configOptions, ...requestOptions, ...rightOptions, ...answerOptions },
    })
    if (given.text('dataset') !== undefined) return explainDataset(given, io)
    const [email, tenant] = [given.required('account'), given.required('tenant')]
    const [method, target] = [given.required('method').toUpperCase(), given.required('path')]
    return inDirectory(given, io, async (directory) => {
      const request = { method, target, host: given.text('host') ?? usualHost(directory) }
      const policy = await policyInForce(directory.store, email, tenant)
      const body = await readBody(given)
      const decision = decideRequest(admittedRequest(request, body), policy, directory.config, body)
      const answer = await explainedAnswer(given, decision, request)
      const bodyAccepted = body !== undefined && decision.refusal === undefined
      const showBody = given.flag('show-body')
      const rendered = renderedMask(given, decision)
      const explained = { request, policy, decision, bodyAccepted, answer, showBody, renderings: rendered }
      if (given.flag('json')) printJson(io, explanationJson(explained))
      else io.out(explanationText(explained, io.isTerminal))
      return decision.refusal === undefined && answer?.refusal === undefined ? 0 : 1
    })
  },
}

async function explainDataset(given: Arguments, io: Io): Promise<number> {
  for (const name of ['method', 'path', 'host', 'body', 'response'])
    if (given.text(name) !== undefined) throw new UsageError(`--${name} means nothing with --dataset`)
  const [email, tenant] = [given.required('account'), given.required('tenant')]
  const action = parseAction(given.text('action'))
  const kinds = parseRenderKinds(given.text('render'))
  return inDirectory(given, io, async ({ store, config }) => {
    const dataset = datasetNamed(config, given.required('dataset'))
    const policy = await policyInForce(store, email, tenant)
    const rows = rowsOf(policy, dataset, action)
    const row = given.text('row')
    const why = row === undefined ? undefined : whyRow(await readGivenRow(row), rows, dataset, policy)
    const told = { policy, dataset, action, rows, renderings: renderings(rows, dataset.name, kinds), why }
    if (given.flag('json')) printJson(io, datasetJson(told))
    else io.out(datasetText(told))
    return why?.permitted === false ? 1 : 0
  })
}

function renderedMask(given: Arguments, { destination, rows }: Decision) {
  for (const name of ['action', 'row'])
    if (given.text(name) !== undefined) throw new UsageError(`--${name} means nothing without --dataset`)
  const kinds = parseRenderKinds(given.text('render'))
  const declared = destination?.route.rows
  if (kinds.length === 0) return []
  if (declared === undefined || rows === undefined)
    throw new UsageError('--render: the route declares no rows, there is no mask')
  return renderings(rows, declared.dataset.name, kinds)
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

async function explainedAnswer(
  given: Arguments,
  { destination, masked, operation, refusal }: Decision,
  { target }: RequestToExplain,
): Promise<AnswerExplanation | undefined> {
  const name = given.text('response')
  if (name === undefined) return requireResponse(given)
  if (refusal !== undefined && refusal.stage !== 'mask') return undefined
  const declared = destination?.route.rows
  if (declared === undefined || masked === undefined)
    throw new UsageError('--response: the route declares no rows, its answer passes as it is')
  if (declared.rows.graphql !== undefined && operation === undefined && refusal === undefined)
    throw new UsageError('--body is missing: the answer of a GraphQL route is read by the operation that was asked for')
  const sample = name === 'sample' ? await sampleAnswer(declared, target.split('?', 1)[0] ?? target) : undefined
  const type = responseType(name, given.text('response-type') ?? sample?.type)
  const status = parseStatus(given.text('response-status') ?? '200')
  const bytes = sample?.bytes ?? (await readAnswer(name))
  return explainAnswer({ bytes, type, status }, masked, operation)
}

function requireResponse(given: Arguments): undefined {
  for (const name of ['response-type', 'response-status'])
    if (given.text(name) !== undefined) throw new UsageError(`--${name} means nothing without --response`)
  if (given.flag('show-body')) throw new UsageError('--show-body means nothing without --response')
}

function parseStatus(text: string): number {
  if (!/^[1-5][0-9][0-9]$/.test(text)) throw new UsageError('--response-status must be a status, 100 to 599')
  return Number(text)
}
