/** How often a property is tried: as often as the quick run wants it, twenty times that with `npm run test:long`. */
export function runs(quick: number): number {
  return process.env.SALLYPORT_TEST_LONG === '1' ? quick * 20 : quick
}
