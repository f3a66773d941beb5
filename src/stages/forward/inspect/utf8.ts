const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text; undefined where the bytes are no UTF-8, or begin with a byte order mark, which not every reader takes off. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return text.startsWith('\ufeff') ? undefined : text
  } catch {
    // Nothing else can be wrong with bytes.
    return undefined
  }
}
