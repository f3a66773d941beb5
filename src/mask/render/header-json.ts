import { nodeText } from '../canonical.ts'
import { foldNode } from '../fold.ts'
import type { Mask, Node } from '../predicate.ts'

/** A mask in its one spelling, for digests: equal texts mean the same rows. What permits nothing is `false`. */
export function canonicalJson(mask: Mask): string {
  return nodeText(foldNode(mask.root))
}

/** A bound mask as one line of printable ASCII in the language it was written in. */
export function renderHeaderJson(mask: Mask): string {
  const root = foldNode(mask.root)
  if (root.kind === 'false') throw new TypeError('a mask that permits nothing does not go upstream')
  if (!isBound(root)) throw new TypeError('a mask is bound before it is rendered')
  return nodeText(root)
}

function isBound(node: Node): boolean {
  switch (node.kind) {
    case 'true':
    case 'false':
    case 'unknown':
      return true
    case 'test':
      return node.operand.kind !== 'user'
    case 'and':
    case 'or':
      return node.children.every(isBound)
  }
}
