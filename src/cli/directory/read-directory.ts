import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Check } from 'typebox/value'
import type { Config } from '../../config/config.ts'
import { maxFileBytes, parseSource } from '../../config/document.ts'
import { ConfigError, unreadable } from '../../config/problems.ts'
import { resolveReferences } from '../../config/references.ts'
import { Report } from '../../config/report.ts'
import { validate, withDefaults } from '../../config/validate.ts'
import { checkDirectory } from './check-directory.ts'
import { type DirectorySource, directoryNode, directorySchema } from './directory-schema.ts'

/** A directory file as written, with its defaults, every e-mail address in its one spelling. */
export interface DirectoryFile {
  readonly source: DirectorySource
  /** For what only the store can tell: each problem at its place. */
  readonly report: Report
}

/** Reads what `apply` is to bring about. Throws `ConfigError` with everything that is wrong with it. */
export async function readDirectory(file: string, config: Config, env: NodeJS.ProcessEnv): Promise<DirectoryFile> {
  const document = parseSource(await readText(file))
  const report = new Report(file, document)
  for (const { path, message, ...position } of document.complaints) report.addAt(position, path, message)
  refuseIfAny(report)
  const written = resolveReferences(document.value ?? {}, [], { env, readFile: readReferenced }, report)
  const source = withDefaults(directoryNode, written)
  validate(directoryNode, source, [], report)
  refuseIfAny(report)
  if (!Check(directorySchema, source)) throw new TypeError('validate() and the schema disagree')
  const checked = checkDirectory(source, config, report)
  refuseIfAny(report)
  return { source: checked, report }
}

/** As `loadConfig` does: what is referenced may be no longer than a file of ours. */
function readReferenced(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (text.length > maxFileBytes) throw new RangeError('referenced file is too long')
  return text
}

export function refuseIfAny(report: Report): void {
  if (report.problems.length > 0) throw new ConfigError(report.problems)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: unreadable(cause) }])
  }
}
