import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Check } from 'typebox/value'
import { checkApps } from './check-apps.ts'
import { type CheckBaseMask, checkDatasets } from './check-datasets.ts'
import { checkRoutes } from './check-routes.ts'
import { checkServer, originFault } from './check-server.ts'
import type { Config } from './config.ts'
import { maxFileBytes, parseSource } from './document.ts'
import { deepFreeze } from './freeze.ts'
import { ConfigError, unreadable } from './problems.ts'
import { resolveReferences } from './references.ts'
import { Report } from './report.ts'
import { resolve } from './resolve.ts'
import { type Source, schema } from './schema.ts'
import { root } from './schema-node.ts'
import { validate, withDefaults } from './validate.ts'

export { type CheckBaseMask, type Config }

export interface ParseOptions {
  /** How problems name the file. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads what `file:/path` refers to; throws where it cannot. */
  readonly readFile: (path: string) => string
  /** Without it a base mask is refused. */
  readonly checkBaseMask?: CheckBaseMask
}

/** Reads a configuration file. Throws `ConfigError` with everything that is wrong with it. */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv, checkBaseMask?: CheckBaseMask): Promise<Config> {
  const text = await readConfigFile(file)
  return parseConfig(text, {
    file,
    env,
    readFile: readReferenced,
    ...(checkBaseMask === undefined ? {} : { checkBaseMask }),
  })
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: unreadable(cause) }])
  }
}

function readReferenced(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (text.length > maxFileBytes) throw new RangeError('referenced file is too long')
  return text
}

/** Reads the text of a configuration. Throws `ConfigError` with everything that is wrong with it. */
export function parseConfig(text: string, options: ParseOptions): Config {
  const document = parseSource(text)
  const report = new Report(options.file, document)
  for (const { path, message, ...position } of document.complaints) report.addAt(position, path, message)
  refuseIfAny(report)
  const written = resolveReferences(document.value, [], options, report)
  const filled = withDefaults(root, written)
  validate(root, filled, [], report)
  const datasets = checkMeaning(filled, options.checkBaseMask ?? refuseBaseMask, report)
  refuseIfAny(report)
  if (!Check(schema, filled)) throw new TypeError('validate() and the schema disagree')
  return deepFreeze(resolve(filled, datasets))
}

function refuseIfAny(report: Report): void {
  if (report.problems.length > 0) throw new ConfigError(report.problems)
}

function refuseBaseMask(): ReturnType<CheckBaseMask> {
  return [{ path: [], message: 'base masks cannot be checked here' }]
}

/** Claims more than it looks at: every check asks the report whether the schema let its part through before it reads it. */
function isMap(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Everything that the schema cannot say, for the parts that it let through. */
function checkMeaning(source: unknown, checkBase: CheckBaseMask, report: Report): ReturnType<typeof checkDatasets> {
  if (!isMap(source)) return new Map()
  checkServer(source, report)
  const datasets = checkDatasets(source, checkBase, report)
  if (!Array.isArray(source.apps)) return datasets
  const names = Object.keys(source.datasets ?? {})
  const publicHost =
    report.clean(['publicUrl']) && originFault(source.publicUrl) === undefined
      ? new URL(source.publicUrl).hostname
      : undefined
  checkApps(source.apps, publicHost, report)
  for (const [i, app] of source.apps.entries()) {
    if (Array.isArray(app?.routes)) checkRoutes(app, ['apps', i], { names, resolved: datasets }, report)
  }
  return datasets
}
