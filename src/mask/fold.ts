import { nodeText } from './canonical.ts'
import { branch, falsehood, type Mask, makeMask, type Node, truth } from './predicate.ts'

/** The same mask in normal form: no constants below the root, no branch inside its own kind, no repeats, sorted. */
export function foldMask(mask: Mask): Mask {
  return makeMask(mask.dataset, foldNode(mask.root))
}

/**
 * UNKNOWN becomes FALSE. That is safe because the language has no NOT: with FALSE < UNKNOWN < TRUE, AND is the minimum
 * and OR the maximum, a minimum is TRUE only if every part is, a maximum only if some part is, and neither asks
 * whether a part that is not TRUE was FALSE or UNKNOWN. `$ne`, `$nin` and `$hasNone` negate inside a test, where
 * UNKNOWN is decided before it is folded.
 */
export function foldNode(node: Node): Node {
  switch (node.kind) {
    case 'true':
    case 'false':
    case 'test':
      return node
    case 'unknown':
      return falsehood
    case 'and':
      return foldBranch('and', node.children, truth, falsehood)
    case 'or':
      return foldBranch('or', node.children, falsehood, truth)
  }
}

/** `neutral` changes nothing in a branch of this kind; `decisive` settles it. */
function foldBranch(kind: 'and' | 'or', children: readonly Node[], neutral: Node, decisive: Node): Node {
  const distinct = new Map<string, Node>()
  for (const child of children.map(foldNode)) {
    if (child.kind === decisive.kind) return decisive
    if (child.kind === neutral.kind) continue
    for (const part of child.kind === kind ? child.children : [child]) distinct.set(nodeText(part), part)
  }
  const texts = [...distinct.keys()].sort()
  const parts = texts.flatMap((text) => distinct.get(text) ?? [])
  const [only] = parts
  if (only === undefined) return neutral
  return parts.length === 1 ? only : branch(kind, parts)
}
