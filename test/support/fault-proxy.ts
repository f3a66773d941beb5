import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** How the way to a server behaves: as it should, as if nobody listened, or as if every packet were lost. */
export type WayState = 'open' | 'refusing' | 'stalled'

/** A TCP way to a real server that can be taken away and given back without ending the server. */
export interface FaultProxy {
  readonly port: number
  /** Connections open right now. */
  readonly connections: number
  /** Bytes the server behind has sent so far and that came this far. */
  readonly bytesBack: number
  set(state: WayState): Promise<void>
  /** Resets every connection; new ones are taken as before. */
  cut(): void
  close(): Promise<void>
}

/** A way to `127.0.0.1:target` on a free port of its own. */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const proxy = new Proxy(target)
  await proxy.set('open')
  return proxy
}

class Proxy implements FaultProxy {
  readonly #target: number
  readonly #pairs = new Map<Socket, Socket>()
  #server: Server | undefined
  #stalled = false
  #bytesBack = 0
  port = 0

  constructor(target: number) {
    this.#target = target
  }

  get connections(): number {
    return this.#pairs.size
  }

  get bytesBack(): number {
    return this.#bytesBack
  }

  async set(state: WayState): Promise<void> {
    this.#stalled = state === 'stalled'
    for (const [near, far] of this.#pairs) for (const socket of [near, far]) this.#apply(socket)
    if (state === 'refusing') await this.#stop()
    else await this.#listen()
  }

  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  close(): Promise<void> {
    return this.#stop()
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return
    this.#server = createServer((near) => this.#join(near)).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the way has no port')
    this.port = address.port
  }

  async #stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.cut()
    if (server?.listening === true) await once(server.close(), 'close')
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1')
    this.#pairs.set(near, far)
    far.on('data', (chunk: Buffer) => {
      this.#bytesBack += chunk.length
      if (!near.write(chunk)) far.pause()
    })
    near.on('data', (chunk: Buffer) => {
      if (!far.write(chunk)) near.pause()
    })
    near.on('drain', () => this.#apply(far))
    far.on('drain', () => this.#apply(near))
    near.on('end', () => far.end())
    far.on('end', () => near.end())
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => {
        other.destroy()
        this.#pairs.delete(near)
      })
      this.#apply(one)
    }
  }

  #apply(socket: Socket): void {
    if (this.#stalled) socket.pause()
    else socket.resume()
  }
}
