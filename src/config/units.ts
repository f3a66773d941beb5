const milliseconds = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
const bytes = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

/** `15m` to milliseconds; undefined where it is no duration. */
export function parseDuration(text: string | number): number | undefined {
  if (text === 0) return 0
  const groups = /^(?<count>0|[1-9][0-9]{0,8})(?<unit>ms|s|m|h|d)$/.exec(String(text))?.groups
  if (groups === undefined) return undefined
  return Number(groups['count']) * (milliseconds.get(groups['unit'] ?? '') ?? Number.NaN)
}

/** `10MiB` to bytes; undefined where it is no size. */
export function parseSize(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text >= 0 ? text : undefined
  const groups = /^(?<count>0|[1-9][0-9]{0,11})(?<unit>B|KiB|MiB|GiB)?$/.exec(text)?.groups
  if (groups === undefined) return undefined
  return Number(groups['count']) * (bytes.get(groups['unit'] ?? 'B') ?? Number.NaN)
}
