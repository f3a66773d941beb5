const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/

/** Milliseconds of an RFC 3339 time in UTC; undefined for anything else, the 30th of February among it. */
export function parseTime(text: string): number | undefined {
  if (!pattern.test(text)) return undefined
  const ms = Date.parse(text)
  // Date goes on counting behind the end of a month.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19)) ? ms : undefined
}
