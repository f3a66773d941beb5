import type { Path } from './problems.ts'
import { suggestion } from './problems.ts'
import { unresolved } from './references.ts'
import type { Report } from './report.ts'
import type { SchemaNode } from './schema-node.ts'
import { parseDuration, parseSize } from './units.ts'

/** Fills in every default. */
export function withDefaults(node: SchemaNode, value: unknown): unknown {
  if (value === undefined)
    return node.default === undefined ? undefined : withDefaults(node, structuredClone(node.default))
  if (Array.isArray(value)) {
    const { items } = node
    return items === undefined ? value : value.map((item) => withDefaults(items, item))
  }
  const branch = branchFor(node, value)
  if (!isObject(value) || branch === undefined) return value
  const filled: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const child = childOf(branch, key)
    filled[key] = child === undefined ? item : withDefaults(child, item)
  }
  for (const [key, child] of Object.entries(branch.properties ?? {})) {
    const missing = Object.hasOwn(filled, key) ? undefined : withDefaults(child, undefined)
    if (missing !== undefined) filled[key] = missing
  }
  return filled
}

/** Reports every place where `value` breaks the schema. */
export function validate(node: SchemaNode, value: unknown, path: Path, report: Report): void {
  if (value === unresolved) return
  const branch = branchFor(node, value)
  if (branch === undefined) return report.add(path, `must be ${node.expects ?? 'something else'}`)
  if (!hasType(branch, value)) return report.add(path, `must be ${expected(branch)}`)
  if (typeof value === 'string') return validateText(branch, value, path, report)
  if (typeof value === 'number') return validateNumber(branch, value, path, report)
  if (Array.isArray(value)) return validateList(branch, value, path, report)
  if (isObject(value)) validateObject(branch, value, path, report)
}

function validateText(node: SchemaNode, value: string, path: Path, report: Report): void {
  if (node.const !== undefined && node.const !== value) return report.add(path, `must be ${expected(node)}`)
  if (node.enum !== undefined && !node.enum.includes(value)) {
    const known = node.enum.filter((word) => typeof word === 'string')
    return report.add(path, `must be ${expected(node)}${report.referenced(path) ? '' : suggestion(value, known)}`)
  }
  if (value.length < (node.minLength ?? 0)) return report.add(path, 'must not be empty')
  if (value.length > (node.maxLength ?? Infinity))
    return report.add(path, `is longer than ${node.maxLength} characters`)
  if (node.pattern !== undefined && !new RegExp(node.pattern).test(value))
    return report.add(path, `must be ${expected(node)}`)
  if (node.maxMs !== undefined && (parseDuration(value) ?? Infinity) > node.maxMs) {
    return report.add(path, `must not be longer than ${node.maxMs / 3_600_000}h`)
  }
  validateBytes(node, value, path, report)
}

function validateNumber(node: SchemaNode, value: number, path: Path, report: Report): void {
  const { minimum = -Infinity, maximum = Infinity } = node
  if (value < minimum || value > maximum) return report.add(path, `must be ${expected(node)}`)
  validateBytes(node, value, path, report)
}

function validateBytes(node: SchemaNode, value: string | number, path: Path, report: Report): void {
  if (node.maxBytes === undefined || (parseSize(value) ?? Infinity) <= node.maxBytes) return
  report.add(path, `must not be more than ${node.maxBytes / 1024 ** 2}MiB`)
}

function validateList(node: SchemaNode, value: readonly unknown[], path: Path, report: Report): void {
  if (value.length < (node.minItems ?? 0)) report.add(path, 'must not be empty')
  if (value.length > (node.maxItems ?? Infinity)) return report.add(path, `has more than ${node.maxItems} entries`)
  const { items } = node
  if (items !== undefined) value.forEach((item, i) => validate(items, item, [...path, i], report))
}

function validateObject(node: SchemaNode, value: Record<string, unknown>, path: Path, report: Report): void {
  if (node.properties === undefined && node.patternProperties === undefined) return
  for (const [key, item] of Object.entries(value)) {
    const child = childOf(node, key)
    if (child !== undefined) validate(child, item, [...path, key], report)
    else report.add([...path, key], unknownKey(node, key), 'key')
  }
  for (const key of node.required ?? []) {
    if (!Object.hasOwn(value, key)) report.add([...path, key], 'is missing', 'key')
  }
  if (Object.keys(value).length < (node.minProperties ?? 0)) report.add(path, 'must not be empty')
}

function unknownKey(node: SchemaNode, key: string): string {
  if (node.keys !== undefined) return `is not ${node.keys}`
  return `unknown key${suggestion(key, Object.keys(node.properties ?? {}))}`
}

function childOf(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.properties !== undefined) return Object.hasOwn(node.properties, key) ? node.properties[key] : undefined
  return Object.entries(node.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(key))?.[1]
}

/** The branch of a union that `value` is meant for: the object for an object, else the one whose words hold it. */
function branchFor(node: SchemaNode, value: unknown): SchemaNode | undefined {
  if (node.anyOf === undefined) return node
  return node.anyOf.find((branch) => {
    if (!hasType(branch, value)) return false
    if (branch.const !== undefined) return branch.const === value
    return branch.enum === undefined || branch.enum.includes(value)
  })
}

function hasType(node: SchemaNode, value: unknown): boolean {
  if (node.type === undefined) return true
  const types: readonly string[] = typeof node.type === 'string' ? [node.type] : node.type
  return types.some((type) => {
    if (type === 'null') return value === null
    if (type === 'array') return Array.isArray(value)
    if (type === 'object') return isObject(value)
    if (type === 'integer') return Number.isSafeInteger(value)
    return typeof value === type
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function expected(node: SchemaNode): string {
  if (node.expects !== undefined) return node.expects
  if (typeof node.const === 'string') return node.const
  if (node.enum !== undefined) return oneOf(node.enum.filter((word) => typeof word === 'string'))
  if (node.type === 'array') return 'a list'
  if (node.type === 'object') return 'a map'
  if (node.type === 'boolean') return 'true or false'
  if (node.type !== 'integer') return 'a string'
  return node.maximum === undefined ? 'a whole number' : `a whole number, ${node.minimum ?? 0} to ${node.maximum}`
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`
}
