import { Document, isMap, isScalar, type Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { plainText } from '../print.ts'
import type { Findings, LearnedAnswer } from './findings.ts'
import type { ProposedDataset } from './propose-datasets.ts'
import type { ProposedRoute } from './propose-routes.ts'
import type { LearnedField } from './row-fields.ts'
import { pointerText } from './shape.ts'

/** No valid value anywhere: `check` refuses the file until somebody has decided. */
const undecided = 'CHOOSE-ONE'
const maxComments = 200

export interface Proposal {
  readonly findings: Findings
  readonly datasets: readonly ProposedDataset[]
  readonly routes: readonly ProposedRoute[]
  readonly notes: readonly string[]
}

/** The configuration to review. Everything in it that was not decided by a person carries a comment that says so. */
export function proposalYaml({ findings, datasets, routes, notes }: Proposal): string {
  const document = new Document(new YAMLMap())
  const root = map()
  document.contents = root
  document.commentBefore = comments([
    `Proposed by sallyport learn from ${findings.source}. Read every line before you use it:`,
    `it was concluded from names and shapes. What says ${undecided} has to be decided; sallyport check refuses it until then.`,
    'A path without a rule is answered 404, and what a rule does not name never goes out.',
  ])
  entry(root, 'publicUrl', text('http://127.0.0.1:8080'), ['Where people reach the edge.'])
  entry(root, 'datasets', datasetsMap(datasets), [])
  const app = map()
  entry(app, 'id', text(undecided), [])
  entry(app, 'upstreams', list([text(undecided)], true), serverComments(findings))
  const rules = new YAMLSeq<Node>()
  for (const route of routes) rules.items.push(routeMap(route))
  entry(app, 'routes', rules, [
    'The first rule that matches decides. access: member is everyone who is signed in; better: { roles: [...] }.',
  ])
  entry(root, 'apps', list([app]), [])
  const unclear = [...findings.notUnderstood, ...notes]
  if (unclear.length > 0)
    document.comment = comments([
      'Not understood, so that nothing is proposed for it:',
      ...unclear.map((note) => `- ${note}`),
    ])
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

function serverComments({ servers }: Findings): readonly string[] {
  if (servers.length === 0) return ['The app behind the edge, such as http://10.0.0.5:3000.']
  return [`The app behind the edge. Named as servers: ${servers.join(' ')}`]
}

function datasetsMap(datasets: readonly ProposedDataset[]): YAMLMap {
  const all = map()
  for (const { name, from, fields, tenant } of datasets) {
    const dataset = map()
    entry(dataset, 'tenant', text(tenant.field?.name ?? undecided), tenant.comments)
    entry(dataset, 'fields', fieldsMap(fields.fields), [])
    const lost = fields.notes.map((note) => `No field: ${note}`)
    entry(all, name, dataset, [`From ${from}.`, ...lost])
  }
  return all
}

function fieldsMap(fields: readonly LearnedField[]): YAMLMap {
  const all = map()
  for (const { name, type, path, optional, notes } of fields) {
    const own = path.length === 1 && path[0] === name
    const value = own
      ? text(type)
      : pairs([
          ['type', text(type)],
          ['at', text(literal(pointerText(path)))],
        ])
    const said = [...(optional ? ['may be missing or null'] : []), ...notes]
    if (said.length > 0) value.comment = ` ${said.map(plainText).join('; ')}`
    entry(all, name, value, [])
  }
  return all
}

function routeMap({ methods, path, dataset, rows, action, check, comments: said }: ProposedRoute): YAMLMap {
  const route = map()
  entry(route, 'methods', list(methods.map(text), true), [])
  entry(route, 'path', text(literal(path)), [])
  entry(route, 'access', text('member'), [])
  if (action === 'modify') entry(route, 'action', text(action), [])
  entry(route, 'dataset', text(dataset.name), [])
  const where = map()
  if (rows.at.length > 0)
    entry(
      where,
      'at',
      list(
        rows.at.map((at) => text(literal(at))),
        true,
      ),
      [],
    )
  if (rows.total !== undefined)
    entry(
      where,
      'total',
      pairs([
        ['at', text(literal(rows.total))],
        ['policy', quoted('null')],
      ]),
      [],
    )
  for (const other of rows.others) otherKind(where, other, dataset)
  entry(route, 'rows', where, [])
  if (check !== undefined)
    entry(
      route,
      'check',
      pairs([
        [
          'body',
          list(
            check.map((at) => text(literal(at))),
            true,
          ),
        ],
      ]),
      [],
    )
  if (said.length > 0) route.commentBefore = comments(said)
  return route
}

/** Where fields stand in rows that are no JSON: named only where it is not where the configuration looks anyway. */
function otherKind(rows: YAMLMap, answer: LearnedAnswer, { fields }: ProposedDataset): void {
  const places = fields.fields.flatMap(({ name, path }) => {
    const place = answer.places.get(path.join('\n'))
    const usual = answer.kind === 'xml' ? path.join('/') : answer.kind === 'csv' ? name : undefined
    // Such a text would be read from a file.
    const unsayable = place?.startsWith('file:/') === true
    return place === undefined || place === usual || unsayable ? [] : [[name, text(literal(place))] as const]
  })
  const part = map()
  switch (answer.kind) {
    case 'xml':
      entry(
        part,
        'at',
        list(
          answer.rows.map(({ at }) => text(literal(at))),
          true,
        ),
        [],
      )
      if (places.length > 0) entry(part, 'fields', pairs(places), [])
      break
    case 'csv':
      if (answer.delimiter !== undefined) entry(part, 'delimiter', text(answer.delimiter), [])
      if (places.length > 0) entry(part, 'columns', pairs(places), [])
      break
    case 'html': {
      const row = map()
      entry(row, 'select', text(literal(answer.rows[0]?.at ?? '')), [])
      entry(row, 'fields', pairs(places), [])
      entry(part, 'rows', list([row]), [])
      break
    }
    case 'json':
    case 'json-lines':
      return
  }
  entry(rows, answer.kind, part, [])
}

/** `$` + `{` would refer to the environment. */
function literal(value: string): string {
  return value.replaceAll('${', () => '$${')
}

function comments(lines: readonly string[]): string {
  const shown = lines.slice(0, maxComments).map((line) => ` ${plainText(line.slice(0, 2000))}`)
  const more = lines.length - shown.length
  return [...shown, ...(more > 0 ? [` and ${more} more`] : [])].join('\n')
}

function map(): YAMLMap {
  return new YAMLMap()
}

function entry(to: YAMLMap, name: string, value: Node, said: readonly string[]): void {
  const key = text(name)
  if (said.length > 0) key.commentBefore = comments(said)
  // An empty block map would be written as nothing.
  if (isMap(value) && value.items.length === 0) value.flow = true
  to.set(key, value)
}

function text(value: string): Scalar<string> {
  return new Scalar(value)
}

function quoted(value: string): Scalar<string> {
  const node = new Scalar(value)
  node.type = 'QUOTE_SINGLE'
  return node
}

function list(items: readonly Node[], flow = false): YAMLSeq<Node> {
  const node = new YAMLSeq<Node>()
  node.items.push(...items)
  node.flow = flow && items.every((item) => isScalar(item))
  return node
}

function pairs(entries: readonly (readonly [string, Node])[]): YAMLMap {
  const node = map()
  for (const [name, value] of entries) entry(node, name, value, [])
  node.flow = true
  return node
}
