import { type HtmlChain, type HtmlCompound, type HtmlPath, type HtmlSelector, holds } from '../../lib/html-selector.ts'
import type { OpenElement } from './html-tree.ts'

/** Whether the last element of `stack` is one that `selector` names. */
export function matches(selector: HtmlSelector, stack: readonly OpenElement[]): boolean {
  for (const path of selector) if (matchesPath(path, stack)) return true
  return false
}

/**
 * The innermost place for each chain leaves most room to those before it, so no other needs to be tried: the work is
 * bounded by depth times length.
 */
function matchesPath(path: HtmlPath, stack: readonly OpenElement[]): boolean {
  let chain = path[path.length - 1]
  let at = stack.length - 1
  if (chain === undefined || !matchesChain(chain, stack, at)) return false
  at -= chain.length
  for (let next = path.length - 2; next >= 0; next--) {
    chain = path[next]
    if (chain === undefined) return false
    while (at >= 0 && !matchesChain(chain, stack, at)) at--
    if (at < 0) return false
    at -= chain.length
  }
  return true
}

/** The last element of the chain is the one at `at`. */
function matchesChain(chain: HtmlChain, stack: readonly OpenElement[], at: number): boolean {
  if (chain.length > at + 1) return false
  for (let back = 0; back < chain.length; back++) {
    const compound = chain[chain.length - 1 - back]
    const element = stack[at - back]
    if (compound === undefined || element === undefined || !matchesCompound(compound, element)) return false
  }
  return true
}

function matchesCompound({ name, tests }: HtmlCompound, element: OpenElement): boolean {
  if (name !== undefined && name !== element.name) return false
  for (const test of tests) {
    const value = element.attributes?.get(test.attribute)
    if (value === undefined || !holds(test, value)) return false
  }
  return true
}
