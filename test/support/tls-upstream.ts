import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createServer } from 'node:tls'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { tempFolder } from './temp.ts'

export interface TlsUpstream {
  /** `https://127.0.0.1:port` */
  readonly origin: string
  /** What really arrived, inside of TLS. */
  readonly echo: EchoUpstream
  /** PEM; its own authority. */
  readonly certificate: string
  readonly certificateFile: string
}

/** An echo upstream behind TLS, with a certificate that signs itself for `altNames` (`IP:127.0.0.1,DNS:localhost`). */
export async function startTlsUpstream(t: Pick<TestContext, 'after'>, altNames: string): Promise<TlsUpstream> {
  const { certificateFile, keyFile } = selfSigned(tempFolder(t), altNames)
  const echo = await startEcho()
  const certificate = readFileSync(certificateFile, 'utf8')
  const server = createServer({ cert: certificate, key: readFileSync(keyFile) }, (socket) => {
    const inner = connect(echo.port, '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
  })
  // The other side did not like the certificate: that is what most of the tests want.
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await echo.close()
  })
  const { port } = server.address() as AddressInfo // listens on TCP
  return { origin: `https://127.0.0.1:${port}`, echo, certificate, certificateFile }
}

/** Files of a certificate and its key. */
export function selfSigned(folder: string, altNames: string) {
  const certificateFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const names = ['-subj', '/CN=upstream.test', '-addext', `subjectAltName=${altNames}`]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certificateFile, '-days', '2', ...names], { stdio: 'pipe' })
  return { certificateFile, keyFile }
}
