import type { MaskedRows } from '../../exchange.ts'
import type { ComposedMask } from '../../mask/compose.ts'
import { falsehood, type Mask, makeMask, truth } from '../../mask/predicate.ts'
import { renderElasticsearch } from '../../mask/render/elasticsearch.ts'
import { canonicalJson } from '../../mask/render/header-json.ts'
import { renderMongodb } from '../../mask/render/mongodb.ts'
import { renderOdata } from '../../mask/render/odata.ts'
import { renderPostgrest } from '../../mask/render/postgrest.ts'
import { renderSql } from '../../mask/render/sql.ts'
import { writeJsonExact } from '../../mask/write-json-exact.ts'
import { UsageError } from '../cli.ts'
import { plainText } from '../print.ts'

const renderKinds = ['header', 'postgresql', 'sqlite', 'postgrest', 'odata', 'mongodb', 'elasticsearch'] as const

type RenderKind = (typeof renderKinds)[number]

/** A mask in one of the languages that upstreams understand. */
export interface Rendering {
  readonly kind: RenderKind
  readonly text: string
  /** Of a statement with placeholders, in their order. */
  readonly parameters?: readonly unknown[]
}

export const renderHelp = `${renderKinds.join(', ')}, or all`

/** The kinds that `--render` names: one, several with commas, or all. */
export function parseRenderKinds(text: string | undefined): readonly RenderKind[] {
  if (text === undefined) return []
  if (text === 'all') return renderKinds
  return text.split(',').map((word) => {
    const kind = renderKinds.find((known) => known === word.trim())
    if (kind === undefined) throw new UsageError(`--render is one of ${renderHelp}`)
    return kind
  })
}

/** The mask of `rows` in each language, as an upstream would get it. */
export function renderings(rows: MaskedRows, dataset: string, kinds: readonly RenderKind[]): readonly Rendering[] {
  const mask = maskOf(rows.mask, dataset)
  return kinds.map((kind) => render(mask, kind))
}

function maskOf(composed: ComposedMask, dataset: string): Mask {
  switch (composed.kind) {
    case 'all':
      return makeMask(dataset, truth)
    case 'none':
      return makeMask(dataset, falsehood)
    case 'conditional':
      return composed.mask
  }
}

function render(mask: Mask, kind: RenderKind): Rendering {
  switch (kind) {
    case 'header':
      return { kind, text: canonicalJson(mask) }
    case 'postgresql':
    case 'sqlite':
      return { kind, ...renderSql(mask, kind, { kind: 'columns' }) }
    case 'postgrest':
      return { kind, text: `and=(${renderPostgrest(mask)})` }
    case 'odata':
      return { kind, text: `$filter=${renderOdata(mask)}` }
    case 'mongodb':
      return { kind, text: writeJsonExact(renderMongodb(mask)) }
    case 'elasticsearch':
      return { kind, text: writeJsonExact(renderElasticsearch(mask)) }
  }
}

/** The same for people. */
export function renderingText({ kind, text, parameters }: Rendering): string {
  const values =
    parameters === undefined || parameters.length === 0 ? '' : `\n  -- ${plainText(JSON.stringify(parameters))}`
  return `${kind}\n  ${plainText(text)}${values}`
}
