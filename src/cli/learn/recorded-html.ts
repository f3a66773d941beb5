import { Parser } from 'htmlparser2'
import type { LearnedAnswer } from './findings.ts'
import { Sample } from './sample.ts'

const maxDepth = 128
const maxSelectors = 1000
const plainName = /^[A-Za-z_][A-Za-z0-9_-]{0,40}$/

/** Elements of one tag and class. */
interface Candidate {
  count: number
  readonly sample: Sample
  readonly places: Map<string, string>
}

interface Open {
  readonly select: string | undefined
  readonly name: string
  text: string
  hasNamedChild: boolean
}

/** Pages of one kind. */
export class HtmlSamples {
  readonly #candidates = new Map<string, Candidate>()
  readonly #notes = new Set<string>()

  add(text: string): void {
    const open: Open[] = []
    const parser = new Parser({
      onopentag: (tag, attributes) => void open.push(this.#enter(tag, attributes)),
      ontext: (piece) => {
        const last = open.at(-1)
        if (last !== undefined) last.text += piece
      },
      onclosetag: () => this.#leave(open),
    })
    parser.end(text)
  }

  #enter(tag: string, attributes: Readonly<Record<string, string>>): Open {
    const name = (attributes['class'] ?? '').trim().split(/\s+/)[0] ?? ''
    const select = plainName.test(name) && plainName.test(tag) ? `${tag}.${name}` : undefined
    if (tag === 'script' && /json/.test(attributes['type'] ?? ''))
      this.#notes.add('a script holds JSON: name it under html.scripts, or its text is taken out')
    if (select !== undefined) this.#meet(select, attributes)
    return { select, name, text: '', hasNamedChild: false }
  }

  #meet(select: string, attributes: Readonly<Record<string, string>>): void {
    const candidate = this.#candidates.get(select) ?? { count: 0, sample: new Sample(), places: new Map() }
    if (this.#candidates.size < maxSelectors) this.#candidates.set(select, candidate)
    candidate.count++
    candidate.sample.addObject()
    for (const [attribute, value] of Object.entries(attributes)) {
      const name = /^data-([a-z][a-z0-9-]{0,40})$/.exec(attribute)?.[1]
      if (name === undefined || (candidate.places.has(name) && candidate.places.get(name) !== `@${attribute}`)) continue
      candidate.places.set(name, `@${attribute}`)
      candidate.sample.member(name).addText(value)
    }
  }

  /** A named element without named ones in it is a field of every named element around it. */
  #leave(open: Open[]): void {
    const last = open.pop()
    const parent = open.at(-1)
    if (last === undefined) return
    if (parent !== undefined) {
      parent.hasNamedChild ||= last.select !== undefined || last.hasNamedChild
      parent.text += last.text
    }
    if (last.select === undefined || last.hasNamedChild) return
    for (const { select } of open.slice(-maxDepth)) {
      const candidate = select === undefined ? undefined : this.#candidates.get(select)
      if (candidate === undefined || candidate.places.get(last.name)?.startsWith('@') === true) continue
      candidate.places.set(last.name, last.select)
      candidate.sample.member(last.name).addText(last.text.trim())
    }
  }

  answer(): LearnedAnswer {
    const repeated = [...this.#candidates].filter(([, { count, places }]) => count > 1 && places.size > 1)
    const [best] = repeated.toSorted(([, a], [, b]) => b.places.size - a.places.size || b.count - a.count)
    const shape = best?.[1].sample.shape()
    const common = { kind: 'html', totals: [], beside: [], delimiter: undefined } as const
    if (best === undefined || shape?.kind !== 'object')
      return { ...common, rows: [], places: new Map(), notes: [...this.#notes, 'a page without elements that repeat'] }
    const guess = `guess: ${best[0]} repeats, so it may be a row; whatever else the page shows reaches the caller`
    return {
      ...common,
      rows: [{ at: best[0], shape, list: true }],
      places: best[1].places,
      notes: [guess, ...this.#notes],
    }
  }
}
