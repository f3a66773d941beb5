import { SaxesParser } from 'saxes'
import type { WithheldReading } from './withheld-reading.ts'
import type { Said } from './withheld-words.ts'

const parserOptions = { xmlns: false, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true } as const

interface OpenElement {
  readonly name: string
  readonly said: Said
  text: string
}

/** Whether a well-formed XML document asks about a withheld field; another one is the business of the other rules. */
export function xmlAsks(text: string, reading: WithheldReading): boolean {
  const { words } = reading
  const open: OpenElement[] = []
  let asks = false
  const parser = new SaxesParser(parserOptions)
  parser.on('opentag', ({ name, attributes }) => {
    const said = words.read(name, open.at(-1)?.said ?? words.start)
    asks ||= said === undefined
    asks ||= Object.entries(attributes).some(([key, value]) => reading.pairAsks(key, value))
    open.push({ name, said: said ?? words.start, text: '' })
  })
  parser.on('closetag', () => {
    const element = open.pop()
    asks ||= element !== undefined && reading.textAsks(element.name, element.text, element.said)
  })
  const add = (piece: string): void => {
    const element = open.at(-1)
    // One text, whatever elements and comments stand inside of it.
    if (element !== undefined) element.text += piece
  }
  parser.on('text', add)
  parser.on('cdata', add)
  return isWhole(parser, text) && asks
}

function isWhole(parser: SaxesParser, text: string): boolean {
  try {
    parser.write(text).close()
    return true
  } catch (error) {
    // The parser throws nothing but plain errors.
    if (error instanceof Error && error.constructor === Error) return false
    throw error
  }
}
