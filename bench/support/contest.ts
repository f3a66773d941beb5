import { median } from './statistics.ts'

export function seconds(run: () => number): number {
  const begin = process.hrtime.bigint()
  if (run() === 0) throw new Error('nothing came out')
  return Number(process.hrtime.bigint() - begin) / 1e9
}

/**
 * Seconds of every way, round by round, after one round that does not count; the ways take turns within a round. `prepare`
 * comes before each run and is not timed.
 */
export function contest(
  ways: readonly (() => number)[],
  rounds: number,
  prepare: () => void = () => undefined,
): readonly (readonly number[])[] {
  const times = ways.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [way, run] of ways.entries()) {
      prepare()
      const time = seconds(run)
      if (round > 0) times[way]?.push(time)
    }
  }
  return times
}

/** MB/s: the best round, the median in brackets. */
export function rate(bytes: number, times: readonly number[], decimals = 0): string {
  const speed = (time: number): string => (bytes / 1e6 / time).toFixed(decimals)
  return `${speed(Math.min(...times))} (${speed(median(times))})`
}
