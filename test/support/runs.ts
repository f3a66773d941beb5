/**
 * How often a property is tried: as often as the quick run wants it, twenty times that with `npm run test:long`, a part
 * of it where SALLYPORT_TEST_RUNS says which (`0.1`), as the mutation tests do.
 */
export function runs(quick: number): number {
  if (process.env.SALLYPORT_TEST_LONG === '1') return quick * 20
  return Math.ceil(quick * Number(process.env.SALLYPORT_TEST_RUNS ?? 1))
}
