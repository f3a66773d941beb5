/** The codings that an answer goes out in, the best first where a client likes several as much. */
const codings = ['zstd', 'br', 'gzip'] as const

export type AnswerCoding = (typeof codings)[number]

/** What a client takes (RFC 9110 section 12.5.3). */
export interface CodingChoice {
  /** The best that it takes; undefined = it wants the body as it is, or takes none of ours. */
  readonly coding: AnswerCoding | undefined
  /** It takes the body as it is, too. */
  readonly takesPlain: boolean
}

const plain: CodingChoice = { coding: undefined, takesPlain: true }

/** Longer than any client writes it. */
const maxLength = 1_024
const member = /^[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/

/** What these Accept-Encoding values ask for; values that cannot be read ask for nothing. */
export function chooseCoding(values: readonly string[]): CodingChoice {
  if (values.length === 0) return plain
  const weights = parseWeights(values.join(','))
  if (weights === undefined) return plain
  const any = weights.get('*')
  const unnamed = any ?? 0
  const identity = weights.get('identity')
  const takesPlain = (identity ?? any ?? 1) > 0
  let best = Math.max(identity ?? 0, Number.MIN_VALUE)
  let coding: AnswerCoding | undefined
  for (const name of codings) {
    const weight = weights.get(name) ?? unnamed
    // One that weighs as much as the plain body is taken: it is smaller.
    if (weight < best || (weight === best && coding !== undefined)) continue
    best = weight
    coding = name
  }
  return { coding, takesPlain }
}

/** By coding, lower case; of one that is named twice the lower weight counts. Undefined = not well formed. */
function parseWeights(text: string): ReadonlyMap<string, number> | undefined {
  if (text.length > maxLength) return undefined
  const weights = new Map<string, number>()
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const match = member.exec(part)
    const name = match?.[1]?.toLowerCase()
    if (name === undefined) return undefined
    const coding = name === 'x-gzip' ? 'gzip' : name
    weights.set(coding, Math.min(Number(match?.[2] ?? 1), weights.get(coding) ?? 1))
  }
  return weights
}
