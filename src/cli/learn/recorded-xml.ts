import { SaxesParser } from 'saxes'
import type { LearnedAnswer } from './findings.ts'
import { Sample } from './sample.ts'
import { pointerText, type Shape, unknown } from './shape.ts'

const maxDepth = 64
const maxNames = 200

/** What was met at one place of XML documents; elements of one name under one parent are one. */
class Elements {
  count = 0
  /** Several of them in one parent. */
  repeated = false
  readonly attributes = new Map<string, { count: number; sample: Sample }>()
  readonly children = new Map<string, Elements>()
  /** How many parents have it. */
  parents = 0
  readonly texts = new Sample()

  get isLeaf(): boolean {
    return this.attributes.size === 0 && this.children.size === 0
  }
}

interface Open {
  readonly elements: Elements
  readonly met: Map<string, number>
  text: string
}

/** Documents of one kind. */
export class XmlSamples {
  readonly #top = new Elements()
  readonly #notes = new Set<string>()

  add(text: string): void {
    const parser = new SaxesParser({ xmlns: false })
    const open: Open[] = [{ elements: this.#top, met: new Map(), text: '' }]
    let fault: string | undefined
    parser.on('error', () => (fault ??= 'it is not well-formed: the edge would block it'))
    parser.on('doctype', () => this.#notes.add('it has a DOCTYPE: the edge would block it'))
    parser.on('opentag', ({ name, attributes }) => void open.push(this.#enter(open, name, attributes)))
    const addText = (piece: string) => {
      const last = open.at(-1)
      if (last !== undefined) last.text += piece
    }
    parser.on('text', addText)
    parser.on('cdata', addText)
    parser.on('closetag', () => {
      const last = open.pop()
      if (last !== undefined && last.met.size === 0) last.elements.texts.addText(last.text)
    })
    try {
      parser.write(text).close()
    } catch {
      fault ??= 'it is not well-formed: the edge would block it'
    }
    if (fault !== undefined) this.#notes.add(fault)
  }

  #enter(open: readonly Open[], name: string, attributes: Readonly<Record<string, string>>): Open {
    const parent = open.at(-1)
    const elements = parent?.elements.children.get(name) ?? new Elements()
    if (parent !== undefined && open.length <= maxDepth && parent.elements.children.size < maxNames)
      parent.elements.children.set(name, elements)
    const before = parent?.met.get(name) ?? 0
    parent?.met.set(name, before + 1)
    elements.count++
    if (before === 0) elements.parents++
    else elements.repeated = true
    for (const [attribute, value] of Object.entries(attributes).slice(0, maxNames)) {
      const known = elements.attributes.get(attribute) ?? { count: 0, sample: new Sample() }
      elements.attributes.set(attribute, { count: known.count + 1, sample: known.sample })
      known.sample.addText(value)
    }
    return { elements, met: new Map(), text: '' }
  }

  answer(): LearnedAnswer {
    const [root] = this.#top.children
    const found = root === undefined ? undefined : rowsIn(root[1], [root[0]])
    const notes = [...this.#notes, ...(found?.guess === true ? ['guess: only one row was met'] : [])]
    const none = { kind: 'xml', totals: [], beside: [], delimiter: undefined } as const
    const places = new Map<string, string>()
    const shape = found === undefined ? unknown('') : shapeOf(found.elements, undefined, [], places)
    if (found === undefined || shape.kind !== 'object')
      return { ...none, rows: [], places, notes: [...notes, 'XML without elements that repeat'] }
    return { ...none, rows: [{ at: pointerText(found.path), shape, list: true }], places, notes }
  }
}

interface FoundRows {
  readonly elements: Elements
  readonly path: readonly string[]
  readonly guess: boolean
}

/** The outermost elements that repeat and hold something; else the only child that does. */
function rowsIn(root: Elements, start: readonly string[]): FoundRows | undefined {
  let level: readonly (readonly [Elements, readonly string[]])[] = [[root, start]]
  while (level.length > 0) {
    const below = level.flatMap(([elements, path]) =>
      [...elements.children].map(([name, child]) => [child, [...path, name]] as const),
    )
    const hit = below.find(([child]) => child.repeated && !child.isLeaf)
    if (hit !== undefined) return { elements: hit[0], path: hit[1], guess: false }
    level = below
  }
  const lone = [...root.children].find(([, child]) => child.children.size > 1)
  return lone === undefined ? undefined : { elements: lone[1], path: [...start, lone[0]], guess: true }
}

/** Attributes beside child elements, under their own name where it is free. */
function shapeOf(
  elements: Elements,
  name: string | undefined,
  path: readonly string[],
  places: Map<string, string>,
): Shape {
  if (elements.isLeaf) return elements.texts.shape(name)
  if (path.length > 5) return unknown('nested too deeply')
  const members = new Map<string, { shape: Shape; optional: boolean }>()
  for (const [child, below] of elements.children) {
    const shape = below.repeated
      ? unknown('an element that repeats inside the row')
      : shapeOf(below, child, [...path, child], places)
    members.set(child, { shape, optional: below.parents < elements.count })
    places.set([...path, child].join('\n'), [...path, child].join('/'))
  }
  for (const [attribute, { count, sample }] of elements.attributes) {
    const key = members.has(attribute) ? `@${attribute}` : attribute
    members.set(key, { shape: sample.shape(attribute), optional: count < elements.count })
    places.set([...path, key].join('\n'), [...path, `@${attribute}`].join('/'))
  }
  if (elements.children.size === 0 && path.length > 0) {
    members.set('text', { shape: elements.texts.shape(name), optional: false })
    places.set([...path, 'text'].join('\n'), path.join('/'))
  }
  return { kind: 'object', name: undefined, members }
}
