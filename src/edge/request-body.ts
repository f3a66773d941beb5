import { type Readable, Transform } from 'node:stream'
import { ProxyError } from '../errors.ts'

/** Passes a body on and refuses the byte after the last allowed one. */
export function boundedBody(source: Readable, maxBytes: number): Readable {
  let seen = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > maxBytes) done(new ProxyError('ERR_BODY_TOO_LARGE', `body over ${maxBytes} bytes`))
      else done(null, chunk)
    },
  })
  // Whoever reads it hears of a failure besides; before anybody does, it would end the process (CWE-248).
  bounded.on('error', () => undefined)
  source.on('error', (error) => bounded.destroy(error))
  source.on('close', () => {
    if (!source.readableEnded)
      bounded.destroy(new ProxyError('ERR_REQUEST_MALFORMED', 'client went away inside the body'))
  })
  return source.pipe(bounded)
}

/** The whole body, for routes that look into it. */
export async function wholeBody(source: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let seen = 0
  try {
    // Without `destroyOnReturn: false` a refusal would take the client's socket with it, and nobody would hear of it.
    const parts: AsyncIterable<Buffer> = source.iterator({ destroyOnReturn: false })
    for await (const chunk of parts) {
      seen += chunk.length
      if (seen > maxBytes) throw new ProxyError('ERR_BODY_TOO_LARGE', `body over ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof ProxyError) throw cause
    throw new ProxyError('ERR_REQUEST_MALFORMED', 'client went away inside the body', { cause })
  }
  return Buffer.concat(chunks)
}
