import type { CheckBaseMask } from '../config/load.ts'
import type { Path } from '../config/problems.ts'
import type { Dataset } from '../mask/language.ts'
import { MaskError } from '../mask/mask-error.ts'
import { parseMask } from '../mask/parse.ts'

export interface MaskFault {
  readonly path: Path
  readonly message: string
}

/** Everything that is wrong with a mask as written, and where in it. */
export const maskFaults: CheckBaseMask = (written, dataset: Dataset): readonly MaskFault[] => {
  try {
    parseMask(written, dataset)
    return []
  } catch (cause) {
    if (!(cause instanceof MaskError)) throw cause
    return cause.problems.map(({ path, message }) => ({ path: stepsOf(path, written), message }))
  }
}

/** `$or[1].amount` as steps; keys may hold dots, so the written value decides where one ends. */
function stepsOf(text: string, written: unknown): Path {
  const steps: (string | number)[] = []
  let rest = text
  let value = written
  while (rest !== '') {
    const step = nextStep(rest, value)
    if (step === undefined) break
    steps.push(step.name)
    value = step.value
    rest = rest.slice(step.length)
  }
  return steps
}

function nextStep(rest: string, value: unknown) {
  const index = /^\[(\d{1,6})\]/.exec(rest)
  if (index?.[1] !== undefined) {
    const name = Number(index[1])
    return { name, value: Array.isArray(value) ? (value[name] as unknown) : undefined, length: index[0].length }
  }
  if (typeof value !== 'object' || value === null) return undefined
  const start = rest.startsWith('.') ? 1 : 0
  for (const [key, child] of Object.entries(value)) {
    const after = rest.charAt(start + key.length)
    if (rest.startsWith(key, start) && (after === '' || after === '.' || after === '[')) {
      return { name: key, value: child as unknown, length: start + key.length }
    }
  }
  return undefined
}
