import { AttributeAction, type AttributeSelector, isTraversal, parse, type Selector, SelectorType } from 'css-what'

/** A selector in a form that can be matched against open elements alone. */
export type HtmlSelector = readonly HtmlPath[]

/** Outermost part first; between two parts any number of elements may stand (descendant). */
export type HtmlPath = readonly HtmlChain[]

/** Parent before child, nothing between them. */
export type HtmlChain = readonly HtmlCompound[]

/** Everything that one element must be. */
export interface HtmlCompound {
  /** Lower case; undefined = any. */
  readonly name: string | undefined
  readonly tests: readonly HtmlAttributeTest[]
}

export interface HtmlAttributeTest {
  /** Lower case. */
  readonly attribute: string
  readonly how: 'exists' | 'equals' | 'word' | 'start' | 'end' | 'any' | 'hyphen'
  /** Lower case unless `exact`. */
  readonly value: string
  /** Capitals matter: only where the selector says so (`[name=value s]`). */
  readonly exact: boolean
}

/** A selector, or what is wrong with it. */
export type ParsedSelector = { readonly selector: HtmlSelector } | { readonly problem: string }

const elementName = /^[a-z][a-z0-9-]*$/
const attributeName = /^[a-z_][a-z0-9_.:-]*$/
const plainValue = /^-?[_a-zA-Z\u0080-\uffff][\w\u0080-\uffff-]*$/
const capital = /[A-Z]/
const oddValue = /^[^\s"'()]+$/

class SelectorProblem extends Error {}

/**
 * Types, `#id`, `.class`, attributes, the descendant and the child combinator, and lists. Names, classes, ids and values
 * are matched without regard to case: a browser does so with some of them in some pages, and a row that is found once
 * too often is only tested once more.
 */
export function parseHtmlSelector(text: string): ParsedSelector {
  try {
    const lists = parse(text)
    if (lists.length === 0) return { problem: 'is empty' }
    return { selector: lists.map((tokens) => htmlPath(tokens, text.includes('\\'))) }
  } catch (error) {
    if (error instanceof SelectorProblem) return { problem: error.message }
    return { problem: 'is no CSS selector' }
  }
}

/** The attributes that a selector looks at. */
export function attributesOf(selector: HtmlSelector): readonly string[] {
  return selector.flat(2).flatMap(({ tests }) => tests.map(({ attribute }) => attribute))
}

function htmlPath(tokens: readonly Selector[], escaped: boolean): HtmlPath {
  const path: HtmlCompound[][] = [[]]
  let compound: Selector[] = []
  const close = (): void => {
    if (compound.length === 0) throw new SelectorProblem('has a combinator without an element beside it')
    path.at(-1)?.push(htmlCompound(compound, escaped))
    compound = []
  }
  for (const token of tokens) {
    if (!isTraversal(token)) compound.push(token)
    else if (token.type === SelectorType.Child) close()
    else if (token.type === SelectorType.Descendant) {
      close()
      path.push([])
    } else throw new SelectorProblem('may only have the combinators of descendants and of children')
  }
  close()
  return path
}

function htmlCompound(tokens: readonly Selector[], escaped: boolean): HtmlCompound {
  let name: string | undefined
  const tests: HtmlAttributeTest[] = []
  for (const [at, token] of tokens.entries()) {
    if (token.type === SelectorType.Attribute) tests.push(attributeTest(token, escaped))
    else if (token.type !== SelectorType.Tag && token.type !== SelectorType.Universal)
      throw new SelectorProblem('may only have types, ids, classes and attributes')
    else if (at > 0) throw new SelectorProblem('names a type behind something else')
    else if (token.namespace !== null) throw new SelectorProblem('may have no namespace')
    else if (token.type === SelectorType.Tag) name = token.name.toLowerCase()
  }
  if (name !== undefined && !elementName.test(name)) throw new SelectorProblem('is no CSS selector')
  return { name, tests }
}

function attributeTest(token: AttributeSelector, escaped: boolean): HtmlAttributeTest {
  const attribute = token.name.toLowerCase()
  if (token.namespace !== null) throw new SelectorProblem('may have no namespace')
  const how = wayOf(token.action)
  const isName = token.ignoreCase === 'quirks'
  const fits = isName ? (escaped ? oddValue : plainValue).test(token.value) : attributeName.test(attribute)
  if (!fits) throw new SelectorProblem('is no CSS selector')
  if (how !== 'exists' && how !== 'equals' && how !== 'hyphen' && token.value === '')
    throw new SelectorProblem('has a test for nothing, which never holds')
  const exact = token.ignoreCase === false
  return { attribute, how, value: exact ? token.value : lower(token.value), exact }
}

function wayOf(action: AttributeSelector['action']): HtmlAttributeTest['how'] {
  switch (action) {
    case AttributeAction.Exists:
      return 'exists'
    case AttributeAction.Equals:
      return 'equals'
    case AttributeAction.Element:
      return 'word'
    case AttributeAction.Start:
      return 'start'
    case AttributeAction.End:
      return 'end'
    case AttributeAction.Any:
      return 'any'
    case AttributeAction.Hyphen:
      return 'hyphen'
    case AttributeAction.Not:
      throw new SelectorProblem('may not have !=, which is no CSS')
  }
}

/** ASCII only, as the standard compares. */
function lower(text: string): string {
  return capital.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
}

/** Whether an attribute of this value passes. */
export function holds(test: HtmlAttributeTest, found: string): boolean {
  const value = test.exact ? found : lower(found)
  switch (test.how) {
    case 'exists':
      return true
    case 'equals':
      return value === test.value
    case 'word':
      return value === test.value || (value.includes(test.value) && value.split(/[ \t\n\f\r]+/).includes(test.value))
    case 'start':
      return value.startsWith(test.value)
    case 'end':
      return value.endsWith(test.value)
    case 'any':
      return value.includes(test.value)
    case 'hyphen':
      return value === test.value || value.startsWith(`${test.value}-`)
  }
}
