import type { DocumentRows, HtmlRows } from '../../config/config.ts'
import { attributesOf, type HtmlSelector, parseHtmlSelector } from '../../lib/html-selector.ts'

/** What a route declares of its pages, ready to be matched. */
export interface HtmlRules {
  readonly remove: readonly { readonly selector: HtmlSelector; readonly unless: readonly string[] }[]
  readonly rows: readonly HtmlRowRule[]
  readonly scripts: readonly { readonly selector: HtmlSelector; readonly rows: DocumentRows }[]
  /** Names of the attributes that anything here looks at. */
  readonly reads: ReadonlySet<string>
}

export interface HtmlRowRule {
  readonly selector: HtmlSelector
  readonly fields: readonly HtmlField[]
}

export interface HtmlField {
  readonly name: string
  /** Undefined = the row's own element. */
  readonly selector: HtmlSelector | undefined
  /** Undefined = the text. */
  readonly attribute: string | undefined
}

/** What the reader itself has to know of some elements. */
const ownReads = ['charset', 'content', 'http-equiv', 'language', 'srcdoc', 'type']

const known = new WeakMap<HtmlRows, HtmlRules>()

/** Made once for each configuration. */
export function htmlRules(rows: HtmlRows): HtmlRules {
  const rules = known.get(rows) ?? compile(rows)
  known.set(rows, rules)
  return rules
}

function compile(html: HtmlRows): HtmlRules {
  const remove = html.remove.map(({ select, unless }) => ({ selector: selectorOf(select), unless }))
  const scripts = html.scripts.map(({ select, rows }) => ({ selector: selectorOf(select), rows }))
  const rows = html.rows.map(({ select, fields }) => ({
    selector: selectorOf(select),
    fields: [...fields].map(([name, place]) => ({
      name,
      selector: place.select === undefined ? undefined : selectorOf(place.select),
      attribute: place.attribute,
    })),
  }))
  return { remove, rows, scripts, reads: readsOf(remove, scripts, rows) }
}

function readsOf(
  remove: HtmlRules['remove'],
  scripts: HtmlRules['scripts'],
  rows: readonly HtmlRowRule[],
): ReadonlySet<string> {
  const fields = rows.flatMap((row) => row.fields)
  const selectors = [...remove, ...scripts, ...rows, ...fields].flatMap(({ selector }) => selector ?? [])
  const attributes = fields.flatMap(({ attribute }) => attribute ?? [])
  return new Set([...ownReads, ...attributesOf(selectors), ...attributes])
}

function selectorOf(text: string): HtmlSelector {
  const parsed = parseHtmlSelector(text)
  if ('problem' in parsed) throw new TypeError('a selector got past the checks')
  return parsed.selector
}
