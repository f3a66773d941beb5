import { foldNode } from '../fold.ts'
import { scalarsOf } from '../operand.ts'
import { branch, type Mask, type Node, type Test, test } from '../predicate.ts'

/**
 * A bound mask in normal form after `rewrite` has put in place of each test what the target can say. It must permit no
 * row less: a rendering is a hint, and the answer is filtered by the whole mask.
 */
export function rewrittenRoot(mask: Mask, rewrite: (test: Test) => Node): Node {
  return foldNode(rewritten(mask.root, rewrite))
}

/** Any value: wider than every other test on the field, but for one on absence. */
export function presenceOf({ field }: Test): Test {
  return test(field, '$exists', { kind: 'value', value: true })
}

function rewritten(node: Node, rewrite: (test: Test) => Node): Node {
  switch (node.kind) {
    case 'true':
    case 'false':
    case 'unknown':
      return node
    case 'test':
      // A reference that was never bound is our own mistake, on any field.
      scalarsOf(node)
      return rewrite(node)
    case 'and':
    case 'or':
      return branch(
        node.kind,
        node.children.map((child) => rewritten(child, rewrite)),
      )
  }
}
