import type { SchemaNode } from './schema-node.ts'

/** JSON Schema for editors: a key with a default need not be written. */
export function toJsonSchema(root: SchemaNode): string {
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'sallyport.yaml' }
  return `${JSON.stringify({ ...head, ...forEditors(root) }, null, 2)}\n`
}

/** Keywords that only the loader reads. */
const own = new Set(['expects', 'keys', 'maxMs', 'maxBytes'])

function forEditors(node: SchemaNode): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(node)) if (!own.has(keyword)) out[keyword] = value
  if (node.properties !== undefined) out['properties'] = mapValues(node.properties, forEditors)
  if (node.patternProperties !== undefined) out['patternProperties'] = mapValues(node.patternProperties, forEditors)
  if (node.items !== undefined) out['items'] = forEditors(node.items)
  if (node.anyOf !== undefined) out['anyOf'] = node.anyOf.map(forEditors)
  const required = mustBeWritten(node)
  if (required.length > 0) out['required'] = required
  else delete out['required']
  return out
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

function mustBeWritten(node: SchemaNode): readonly string[] {
  return (node.required ?? []).filter((key) => node.properties?.[key]?.default === undefined)
}

const introduction = `# Configuration

<!-- Written by \`node tools/generate.ts\` from src/config/schema.ts. Change it there. -->

\`sallyport.yaml\` is one YAML 1.2 document without tags, anchors or aliases. It is read as a whole or refused as a whole:
\`sallyport check\` lists everything that is wrong, each with line and column. A key that is not on this page is refused.

- **Durations** are written \`500ms\`, \`15m\`, \`8h\`, \`30d\`; **sizes** \`1024\`, \`64KiB\`, \`10MiB\`.
- **References**: in any string, \`\${NAME}\` stands for a variable of the environment and \`$\${\` for a plain \`\${\`. A string that
  begins with \`file:/\` stands for the content of that file, without its last line break. What is missing or empty is refused.
- **Pointers** to rows are RFC 6901 with \`*\` for every element: \`/*\` is a list of rows, \`/items/*\` a list under \`items\`, and
  \`/\` one row that is the whole document.
- **Paths** of routes are whole paths of requests, in the one spelling requests are read in: literal segments, \`*\` for one
  segment, a final \`/**\` for any rest including none. The first route that matches decides.
- Relative names of files are relative to the working directory.

config/example.yaml shows most keys at work; config/sallyport.schema.json serves editors.

| key | type | default | meaning |
|---|---|---|---|
`

/** The reference page: one row for every key. */
export function toReference(root: SchemaNode): string {
  return introduction + rowsOf(root, '').join('\n') + '\n'
}

function rowsOf(node: SchemaNode, prefix: string): string[] {
  const written = new Set(mustBeWritten(node))
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`
    return [row(name, child, written.has(key)), ...below(child, name)]
  })
  const named = Object.values(node.patternProperties ?? {}).flatMap((child) => {
    const name = `${prefix}.NAME`
    return [row(name, child, false), ...below(child, name)]
  })
  return [...own, ...named]
}

function below(node: SchemaNode, name: string): string[] {
  const branches = (node.anyOf ?? []).flatMap((branch) => rowsOf(branch, name))
  const items = node.items === undefined ? [] : rowsOf(node.items, `${name}[]`)
  return [...rowsOf(node, name), ...branches, ...items]
}

function row(name: string, node: SchemaNode, required: boolean): string {
  const cells = [`\`${name}\``, typeOf(node), defaultOf(node, required), node.description ?? '']
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function typeOf(node: SchemaNode): string {
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(' or ')
  if (typeof node.const === 'string') return `\`${node.const}\``
  if (node.enum !== undefined)
    return node.enum.flatMap((word) => (typeof word === 'string' ? [`\`${word}\``] : [])).join(' ')
  if (node.maxBytes !== undefined) return 'size'
  if (node.expects?.startsWith('a duration') === true) return 'duration'
  if (node.items !== undefined) return `list of ${typeOf(node.items)}`
  if (node.type === 'integer') return 'whole number'
  return typeof node.type === 'string' ? (node.type === 'object' ? 'map' : node.type) : 'any'
}

function defaultOf(node: SchemaNode, required: boolean): string {
  if (required) return '**required**'
  if (node.default === undefined || JSON.stringify(node.default) === '{}') return ''
  return `\`${typeof node.default === 'string' ? node.default : JSON.stringify(node.default)}\``
}
