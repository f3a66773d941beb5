import { parseSync } from '@swc/core'

/** One small change of a file: these bytes, from `start` up to `end`, give way to `to`. */
export interface Mutant {
  readonly file: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly from: string
  readonly to: string
}

interface Node {
  readonly type: string
  readonly span: { readonly start: number; readonly end: number }
  readonly [name: string]: unknown
}

interface Change {
  readonly start: number
  readonly end: number
  readonly to: string
}

const others = new Map([
  ['===', ['!==']],
  ['!==', ['===']],
  ['==', ['!=']],
  ['!=', ['==']],
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['&&', ['||']],
  ['||', ['&&']],
  ['+', ['-']],
  ['-', ['+']],
  ['*', ['/']],
  ['/', ['*']],
  ['&', ['|']],
  ['|', ['&']],
  ['^', ['|']],
  ['<<', ['>>']],
  ['>>', ['<<']],
  ['>>>', ['<<']],
  ['+=', ['-=']],
  ['-=', ['+=']],
  ['|=', ['&=']],
  ['&=', ['|=']],
])

/** Types of statements that may go without leaving anything undeclared. */
const removable = new Set([
  'ExpressionStatement',
  'ReturnStatement',
  'ThrowStatement',
  'BreakStatement',
  'ContinueStatement',
])
/** Declarations of types, imports and decorators: nothing there is run. */
const unread = /^(?:Import|Export(?:All|Named)|Decorator$|TemplateElement$|Ts(?!As|NonNull|Satisfies|Const))/u

/** Every mutant of one file of TypeScript (or AssemblyScript, which parses as such). */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const bytes = Buffer.from(text)
  const program: unknown = parseSync(text, { syntax: 'typescript', target: 'esnext', decorators: true })
  const changes = new Map<string, Change>()
  const source = new Source(bytes, (change) => changes.set(`${change.start} ${change.end} ${change.to}`, change))
  source.walk(program)
  return [...changes.values()].map((change) => ({
    ...change,
    file,
    line: bytes.toString('utf8', 0, change.start).split('\n').length,
    from: bytes.toString('utf8', change.start, change.end),
  }))
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'span' in value
}

/** `list[at] ?? 0` or `?? ''`, where `at` is within bounds and the compiler cannot know it: for the type alone. */
function isTypeOnly({ type, operator, left, right }: Node): boolean {
  if (type !== 'BinaryExpression' || operator !== '??' || !isNode(left) || !isNode(right)) return false
  const isIndexed = left.type === 'MemberExpression' && isNode(left.property) && left.property.type === 'Computed'
  return isIndexed && (right.type === 'NumericLiteral' || right.type === 'StringLiteral')
}

class Source {
  readonly #bytes: Buffer
  readonly #give: (change: Change) => void

  constructor(bytes: Buffer, give: (change: Change) => void) {
    this.#bytes = bytes
    this.#give = give
  }

  walk(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.walk(item)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    if (isNode(value)) {
      if (unread.test(value.type)) return
      this.#mutate(value)
    }
    for (const [name, child] of Object.entries(value)) {
      // The name of a property is not a string that is compared with anything.
      if (name === 'right' && isNode(value) && isTypeOnly(value)) continue
      if (name === 'key' || (name === 'property' && isNode(child) && child.type !== 'Computed')) continue
      this.walk(child)
    }
  }

  #mutate(node: Node): void {
    switch (node.type) {
      case 'BinaryExpression':
        return this.#operator(node, node.left, node.right)
      case 'AssignmentExpression':
        return this.#operator(node, node.left, node.right)
      case 'UnaryExpression':
        return this.#unary(node)
      case 'UpdateExpression':
        return this.#swap(node, node.operator === '++' ? ['++', '--'] : ['--', '++'])
      case 'IfStatement':
      case 'ConditionalExpression':
        return this.#condition(node)
      case 'WhileStatement':
      case 'ForStatement':
        return this.#put(node.test, 'false')
      case 'ArrayExpression':
        return Array.isArray(node.elements) && node.elements.length > 0 ? this.#put(node, '[]') : undefined
      case 'AssignmentPattern':
        return this.#put(node, isNode(node.left) ? this.#text(node.left) : '')
      case 'BlockStatement':
        return this.#statements(node.stmts)
      case 'SwitchCase':
        return this.#statements(node.consequent)
      default:
        return this.#literal(node)
    }
  }

  #operator(node: Node, left: unknown, right: unknown): void {
    if (!isNode(left) || !isNode(right)) return
    const [start, end] = [left.span.end - 1, right.span.start - 1]
    const between = this.#bytes.toString('utf8', start, end)
    const operator = String(node.operator)
    // A comment beside the operator may hold one too.
    if (between.trim() !== operator) return
    for (const other of others.get(operator) ?? []) this.#give({ start, end, to: between.replace(operator, other) })
    if (operator !== '??') return
    this.#put(node, this.#text(right))
    if (!isTypeOnly(node)) this.#put(node, this.#text(left))
  }

  #unary(node: Node): void {
    const { operator, argument } = node
    if ((operator === '!' || operator === '-' || operator === '~') && isNode(argument))
      this.#put(node, this.#text(argument))
  }

  #condition(node: Node): void {
    this.#put(node.test, 'true')
    this.#put(node.test, 'false')
  }

  #swap(node: Node, [from, to]: readonly [string, string]): void {
    this.#put(node, this.#text(node).replace(from, to))
  }

  #statements(list: unknown): void {
    if (!Array.isArray(list)) return
    for (const node of list) if (isNode(node) && removable.has(node.type)) this.#put(node, ';')
  }

  #literal(node: Node): void {
    const text = this.#text(node)
    if (node.type === 'BooleanLiteral') this.#put(node, text === 'true' ? 'false' : 'true')
    if (node.type === 'NumericLiteral' || node.type === 'BigIntLiteral') this.#number(node, text)
    // Sentences are for people to read: what they say decides nothing.
    if (node.type === 'StringLiteral' && !text.includes(' ')) this.#put(node, text.length === 2 ? "'?'" : "''")
  }

  #number(node: Node, text: string): void {
    const tail = text.endsWith('n') && !text.startsWith('0x') ? 'n' : ''
    const digits = text.replaceAll(/_|n$/gu, '')
    if (/[.e]/u.test(digits) && !digits.startsWith('0x')) return this.#put(node, String(Number(digits) + 1))
    this.#put(node, `${BigInt(digits) + 1n}${tail}`)
    if (BigInt(digits) > 0n) this.#put(node, `${BigInt(digits) - 1n}${tail}`)
  }

  #text(node: Node): string {
    return this.#bytes.toString('utf8', node.span.start - 1, node.span.end - 1)
  }

  #put(node: unknown, to: string): void {
    if (isNode(node)) this.#give({ start: node.span.start - 1, end: node.span.end - 1, to })
  }
}
