import { gapStart } from './xml-window.ts'

/** What a row loses; positions count from the row's begin. In the order of the row, none inside another. */
export type XmlCut =
  /** A withheld element, from its open tag (which ends at `openEnd`) to `end`. */
  | { readonly kind: 'element'; readonly openEnd: number; end: number }
  | { readonly kind: 'comment'; readonly end: number }
  /** Withheld attributes of the tag that ends at `end`. */
  | { readonly kind: 'attributes'; readonly end: number; readonly names: readonly string[] }

const emptyComment = '<!---->'
const attributes = /([ \t\r\n]+)([^ \t\r\n=]+)[ \t\r\n]*=[ \t\r\n]*(?:"[^"]*"|'[^']*')/y

/** The text of a row without what was cut; `emptied` = withheld fields stay, without their values. */
export function applyCuts(row: string, cuts: readonly XmlCut[], emptied: boolean): string {
  let out = ''
  let from = 0
  for (const cut of cuts) {
    const { start, instead } = resolveCut(row, cut, emptied)
    out += row.slice(from, start) + instead
    from = cut.end
  }
  return out + row.slice(from)
}

function resolveCut(row: string, cut: XmlCut, emptied: boolean): { start: number; instead: string } {
  switch (cut.kind) {
    case 'comment': {
      // Two hyphens cannot stand inside a comment, so this is its begin.
      const start = row.lastIndexOf('<!--', cut.end - emptyComment.length)
      return { start, instead: seam(row, start) }
    }
    case 'element': {
      const start = row.lastIndexOf('<', cut.openEnd - 1)
      if (emptied) return { start, instead: `<${tagName(row, start)}/>` }
      const gap = gapStart(row, start)
      return { start: gap, instead: seam(row, gap) }
    }
    case 'attributes': {
      const start = row.lastIndexOf('<', cut.end - 1)
      const instead = rewriteTag(row.slice(start, cut.end), (name) => {
        if (!cut.names.includes(name)) return 'keep'
        return emptied ? 'empty' : 'drop'
      })
      return { start, instead }
    }
  }
}

/** What keeps `]]` and `>`, or a carriage return and a line feed, from meeting where something between them is cut. */
function seam(row: string, start: number): string {
  const before = row[start - 1]
  return before === ']' || before === '\r' ? emptyComment : ''
}

function tagName(text: string, start: number): string {
  const name = /<([^ \t\r\n/>]+)/y
  name.lastIndex = start
  return name.exec(text)?.[1] ?? ''
}

/** A well-formed open tag with some of its attributes; what stays keeps its bytes. */
export function rewriteTag(tag: string, decide: (name: string) => 'keep' | 'empty' | 'drop'): string {
  let at = 1 + tagName(tag, 0).length
  let out = tag.slice(0, at)
  for (;;) {
    attributes.lastIndex = at
    const match = attributes.exec(tag)
    if (match === null) return out + tag.slice(at)
    at = attributes.lastIndex
    const [whole, gap = '', name = ''] = match
    const decision = decide(name)
    if (decision === 'keep') out += whole
    if (decision === 'empty') out += `${gap}${name}=""`
  }
}
