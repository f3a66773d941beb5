/** `Transfer-Encoding: gzip, chunked` arrives here still gzipped: anything but chunked has two readings. */
export function framingFault(rawHeaders: readonly string[]): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue
    if (rawHeaders[i + 1]?.trim().toLowerCase() !== 'chunked') return 'transfer coding other than chunked'
  }
  return undefined
}
