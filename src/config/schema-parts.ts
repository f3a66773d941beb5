import { Type } from 'typebox'

/** Adds what every object of the file has: no key that is not declared, and `{}` where it may be left out. */
export const closed = { additionalProperties: false } as const

const durationPattern = '^[1-9][0-9]{0,8}(ms|s|m|h|d)$'
const sizePattern = '^(0|[1-9][0-9]{0,11})(B|KiB|MiB|GiB)?$'
/** A timer longer than 2^31-1 ms would fire at once. */
const longestTimerMs = 86_400_000

/** `500ms`, `15m`, `8h`, `30d`. */
export const duration = (description: string, fallback?: string) =>
  Type.String({
    description,
    pattern: durationPattern,
    expects: 'a duration such as 500ms, 15m, 8h or 30d',
    ...(fallback === undefined ? {} : { default: fallback }),
  })

/** A duration that somebody waits for: a day at most. */
export const wait = (description: string, fallback?: string) =>
  Type.String({
    description,
    pattern: durationPattern,
    expects: 'a duration such as 500ms, 15m or 1h',
    maxMs: longestTimerMs,
    ...(fallback === undefined ? {} : { default: fallback }),
  })

/** A duration that somebody waits for, or 0 for ever. */
export const waitOrNone = (description: string, fallback: string) =>
  Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    description,
    default: fallback,
    pattern: '^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$',
    minimum: 0,
    maximum: 0,
    expects: 'a duration such as 500ms, 15m or 1h, or 0 for none',
    maxMs: longestTimerMs,
  })

/** `10MiB`, `64KiB`, `1024`. */
export const size = (description: string, options: { default?: string; maxBytes?: number } = {}) =>
  Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    description,
    pattern: sizePattern,
    minimum: 0,
    expects: 'a size such as 1024, 64KiB or 10MiB',
    maxBytes: 2 ** 40,
    ...options,
  })

export const text = (description: string, options: { default?: string; maxLength?: number } = {}) =>
  Type.String({ description, minLength: 1, maxLength: 2048, ...options })

export const flag = (description: string, fallback: boolean) => Type.Boolean({ description, default: fallback })

/** One of a few words. */
export const word = <const W extends string>(words: readonly W[], description: string, fallback?: NoInfer<W>) =>
  Type.Unsafe<W>({
    type: 'string',
    enum: words,
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  })

/** One of a few words, of which YAML reads an unquoted `null` as no value: both spellings mean the word. */
export const wordOrNull = <const W extends string>(words: readonly W[], description: string, fallback?: NoInfer<W>) =>
  Type.Unsafe<W | null>({
    type: ['string', 'null'],
    enum: [...words, null],
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  })

export const port = (description: string, fallback: number) =>
  Type.Integer({ description, default: fallback, minimum: 0, maximum: 65535, expects: 'a port, 0 to 65535' })

/** A list of strings; without `default` it must not be empty. */
export const strings = (description: string, fallback?: readonly string[]) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), {
    description,
    ...(fallback === undefined ? { minItems: 1 } : { default: [...fallback] }),
    maxItems: 10_000,
  })

export const limit = (description: string, max: number, window: string) =>
  Type.Object(
    {
      max: Type.Integer({ description: 'Requests allowed in the window.', default: max, minimum: 1, maximum: 1e9 }),
      window: duration('Length of the window.', window),
    },
    { ...closed, description, default: {} },
  )
