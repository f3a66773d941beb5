import type { HtmlPlace, HtmlRows, XmlPlace, XmlRows } from '../../config/config.ts'
import { type HtmlCompound, type HtmlSelector, holds, parseHtmlSelector } from '../../lib/html-selector.ts'
import type { FieldDeclaration } from '../../mask/language.ts'

/** A row of texts, as the formats without types have it. */
export interface TextRow {
  readonly values: ReadonlyMap<string, string>
  /** Stands somewhere in the row where no field is; undefined = nowhere. */
  readonly mark: string | undefined
}

interface Element {
  readonly name: string
  readonly attributes: Map<string, string>
  readonly children: Map<string, Element>
  text: string
}

const markName = 'canary'

function element(name: string): Element {
  return { name, attributes: new Map(), children: new Map(), text: '' }
}

function child(parent: Element, key: string, make: () => Element): Element {
  const found = parent.children.get(key) ?? make()
  parent.children.set(key, found)
  return found
}

function written({ name, attributes, children, text }: Element, isVoid = false): string {
  const said = [...attributes].map(([attribute, value]) => ` ${attribute}="${escaped(value)}"`).join('')
  const inside = [...children.values()].map((each) => written(each)).join('')
  return isVoid ? `<${name}${said}>` : `<${name}${said}>${escaped(text)}${inside}</${name}>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** A document of `row` at each place; with `around`, that text stands outside the row wherever it can. */
export function xmlDocuments(
  xml: XmlRows,
  fields: readonly FieldDeclaration[],
  row: TextRow,
  around: string | undefined,
): readonly string[] {
  return xml.at.map((path) => {
    const rowElement = element(path.at(-1) ?? '')
    for (const field of fields) {
      const value = row.values.get(field.name)
      if (value === undefined) continue
      const place: XmlPlace = xml.fields.get(field.name) ?? { path: field.path, attribute: undefined }
      const holder = place.path.reduce((parent, token) => {
        const name = token === '*' ? 'any' : token
        return child(parent, name, () => element(name))
      }, rowElement)
      if (place.attribute === undefined) holder.text = value
      else holder.attributes.set(place.attribute, value)
    }
    if (row.mark !== undefined) child(rowElement, markName, () => element(markName)).text = row.mark
    const outside = around === undefined ? '' : `${around}<${around}>${around}</${around}><!--${around}-->`
    const attribute = around === undefined ? '' : ` ${markName}="${around}"`
    return path
      .slice(0, -1)
      .reduceRight((inner, name) => `<${name}${attribute}>${outside}${inner}${outside}</${name}>`, written(rowElement))
  })
}

/** What some elements have to stand in, innermost first. */
const homes: ReadonlyMap<string, readonly string[]> = new Map([
  ['tr', ['table']],
  ['tbody', ['table']],
  ['td', ['tr', 'table']],
  ['th', ['tr', 'table']],
  ['option', ['select']],
])
const voids: ReadonlySet<string> = new Set(['area', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'wbr'])

/** A page for each rule about rows. */
export function htmlPages(html: HtmlRows, row: TextRow): readonly string[] {
  return html.rows.map(({ select, fields }) => {
    const stack = elementsOf(selectorOf(select), 'div')
    const rowElement = stack.at(-1) ?? element('div')
    for (const [name, place] of fields) {
      const value = row.values.get(name)
      if (value !== undefined) placeInRow(rowElement, stack, place, value)
    }
    if (row.mark !== undefined) rowElement.attributes.set(`data-${markName}`, row.mark)
    return page(stack)
  })
}

/** A page with each script that holds rows, around the document that `json` makes for it. */
export function scriptPages(
  html: HtmlRows,
  json: (rows: HtmlRows['scripts'][number]['rows']) => readonly string[],
): readonly string[] {
  return html.scripts.flatMap(({ select, rows }) => {
    const stack = elementsOf(selectorOf(select), 'script')
    const script = stack.at(-1)
    if (script !== undefined && !script.attributes.has('type')) script.attributes.set('type', 'application/json')
    // A script's text has no character references.
    return json(rows).map((text) =>
      page(stack).replace('</script>', () => `${text.replaceAll('<', '\\u003c')}</script>`),
    )
  })
}

/** A page with each element that only some roles see; `text` in it, and in a comment. */
export function removedPages(html: HtmlRows, text: string): readonly string[] {
  return html.remove.map(({ select }) => {
    const stack = elementsOf(selectorOf(select), 'div')
    const last = stack.at(-1)
    if (last !== undefined && !voids.has(last.name)) last.text = text
    last?.attributes.set(`data-${markName}`, text)
    return `<!--${text}-->${page(stack)}`
  })
}

/** Nested as in `stack`, with the homes that the elements need. */
function page(stack: readonly Element[]): string {
  let html = ''
  for (let at = stack.length - 1; at >= 0; at--) {
    const each = stack[at]
    if (each === undefined) continue
    const tag = written(each, voids.has(each.name))
    const end = `</${each.name}>`
    html = html === '' ? tag : `${tag.slice(0, -end.length)}${html}${end}`
    const outside = stack.slice(0, at).map(({ name }) => name)
    for (const home of homes.get(each.name) ?? []) {
      if (outside.includes(home)) break
      html = `<${home}>${html}</${home}>`
    }
  }
  return html
}

function placeInRow(row: Element, stack: readonly Element[], { select, attribute }: HtmlPlace, value: string): void {
  const holder = select === undefined ? row : insideRow(row, stack, selectorOf(select))
  if (attribute === undefined) holder.text = value
  else holder.attributes.set(attribute, value)
}

/** The elements that the selector still wants below the row: what the row and those around it are already is there. */
function insideRow(row: Element, stack: readonly Element[], selector: HtmlSelector): Element {
  const compounds = selector[0]?.flat() ?? []
  let known = 0
  for (const each of stack) {
    const compound = compounds[known]
    if (known < compounds.length - 1 && compound !== undefined && fits(compound, each)) known++
  }
  return compounds
    .slice(known)
    .reduce((parent, compound) => child(parent, JSON.stringify(compound), () => elementOf(compound, 'bdi')), row)
}

function fits({ name, tests }: HtmlCompound, { name: own, attributes }: Element): boolean {
  if (name !== undefined && name !== own) return false
  return tests.every((test) => {
    const value = attributes.get(test.attribute)
    return value !== undefined && holds(test, value)
  })
}

/** Elements that the selector names, the outermost first. */
function elementsOf(selector: HtmlSelector, last: string): readonly Element[] {
  const compounds = selector[0]?.flat() ?? []
  return compounds.map((compound, at) => elementOf(compound, at === compounds.length - 1 ? last : 'div'))
}

function elementOf({ name, tests }: HtmlCompound, anyName: string): Element {
  const made = element(name ?? anyName)
  for (const { attribute, how, value } of tests) {
    const known = made.attributes.get(attribute)
    // Words stand side by side; of other tests on one attribute the last is met.
    made.attributes.set(attribute, how === 'word' && known !== undefined ? `${known} ${value}` : value)
  }
  return made
}

function selectorOf(text: string): HtmlSelector {
  const parsed = parseHtmlSelector(text)
  if ('problem' in parsed) throw new TypeError('a selector got past the checks')
  return parsed.selector
}
