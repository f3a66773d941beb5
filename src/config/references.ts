import type { Path } from './problems.ts'
import type { Report } from './report.ts'

/** Stands where a reference could not be resolved; the problem is reported already. */
export const unresolved: unique symbol = Symbol('unresolved')

export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Throws where the file cannot be read. */
  readonly readFile: (path: string) => string
}

const reference = /\$\$\{|\$\{(?<name>[^}]*)(?<end>\}?)/g
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** Replaces `${NAME}` and `file:/path` in every string; `$${` stands for `${`. What came so is never read again. */
export function resolveReferences(value: unknown, path: Path, sources: ReferenceSources, report: Report): unknown {
  if (typeof value === 'string') return resolveText(value, path, sources, report)
  if (Array.isArray(value)) return value.map((item, i) => resolveReferences(item, [...path, i], sources, report))
  if (typeof value !== 'object' || value === null) return value
  const resolved = Object.entries(value).map(([key, item]) => [
    key,
    resolveReferences(item, [...path, key], sources, report),
  ])
  return Object.fromEntries(resolved)
}

function resolveText(text: string, path: Path, sources: ReferenceSources, report: Report): unknown {
  const filled = text.includes('${') ? fillVariables(text, path, sources, report) : text
  if (filled === unresolved || !text.startsWith('file:/')) return filled
  report.markReferenced(path)
  return readReferenced(filled.slice('file:'.length).replace(/^\/\/\//, '/'), path, sources, report)
}

function fillVariables(
  text: string,
  path: Path,
  sources: ReferenceSources,
  report: Report,
): string | typeof unresolved {
  let failed = false
  const refuse = (message: string): string => {
    failed = true
    report.add(path, message)
    return ''
  }
  const filled = text.replace(reference, (whole: string, name: string | undefined, end: string | undefined) => {
    if (name === undefined) return '${'
    if (end === '' || !variableName.test(name))
      return refuse('a reference is written ${NAME}; write $${ for a plain ${')
    report.markReferenced(path)
    const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined
    if (value === undefined) return refuse(`${whole} is not set in the environment`)
    return value === '' ? refuse(`${whole} is empty`) : value
  })
  return failed ? unresolved : filled
}

function readReferenced(file: string, path: Path, sources: ReferenceSources, report: Report): unknown {
  let text: string
  try {
    text = sources.readFile(file)
  } catch (cause) {
    report.add(path, `the file it refers to cannot be read${codeOf(cause)}`)
    return unresolved
  }
  const value = text.replace(/\r?\n$/, '')
  if (value !== '') return value
  report.add(path, 'the file it refers to is empty')
  return unresolved
}

function codeOf(cause: unknown): string {
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}
