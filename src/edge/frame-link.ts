import type { RawData, WebSocket } from 'ws'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import { FrameFilter } from '../stages/filter/frames.ts'
import { checkMessage } from '../stages/forward/check-message.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { framePlan } from './answer-rules.ts'
import type { Observer } from './observer.ts'
import { internalError, maxMessageBytes } from './upgrade.ts'

/** RFC 6455 section 7.4.1. */
const policyViolation = 1008
const switchingProtocols = 101
/** What may still wait when reading goes on: more than all the pongs that `ws` lets wait. */
const resumeBytes = 65_536

/** What `ws` says of bytes that are no frames, or not within our bounds. */
const tooLarge: ReadonlySet<unknown> = new Set([
  'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  'WS_ERR_TOO_MANY_BUFFERED_PARTS',
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
])

/**
 * One client, one upstream, and what they may say to each other. Pings and closing are a matter of each side: neither
 * a ping's payload nor a reason ever crosses, since nobody could check it.
 */
export class FrameLink {
  readonly #client: WebSocket
  readonly #upstream: WebSocket
  readonly #masked: Masked
  readonly #observer: Observer
  readonly #filter: FrameFilter
  /** By who takes nothing. */
  readonly #stalled = new Map<WebSocket, NodeJS.Timeout>()
  #ended = false

  constructor(client: WebSocket, upstream: WebSocket, masked: Masked, observer: Observer) {
    const plan = framePlan(masked)
    if (plan === undefined) throw new TypeError('no plan for the frames of this route')
    this.#filter = new FrameFilter(plan)
    this.#client = client
    this.#upstream = upstream
    this.#masked = masked
    this.#observer = observer
  }

  /** `client` is paused until the upstream has opened. */
  start(): void {
    const client = this.#client
    const upstream = this.#upstream
    upstream.on('open', () => {
      if (!this.#ended) client.resume()
    })
    upstream.on('message', (data, binary) => this.#guard(() => this.#fromApp(data, binary)))
    client.on('message', (data, binary) => this.#guard(() => this.#fromClient(data, binary)))
    upstream.on('error', (error) => this.#refuse(appFault(error), internalError))
    client.on('error', (error) => this.#refuse(clientFault(error), internalError))
    upstream.on('close', (code) => this.#end(code))
    client.on('close', (code) => this.#end(code))
  }

  #fromApp(data: RawData, binary: boolean): void {
    try {
      const out = this.#filter.message(bytesOf(data), binary)
      if (out !== undefined) this.#send(this.#upstream, this.#client, out)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      this.#refuse(error, policyViolation)
    }
  }

  #fromClient(data: RawData, binary: boolean): void {
    const bytes = bytesOf(data)
    try {
      checkMessage(this.#masked, bytes, binary)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      return this.#refuse(error, policyViolation)
    }
    this.#send(this.#client, this.#upstream, bytes)
  }

  /** Nothing is read from `from` while more than one message waits for `to`. */
  #send(from: WebSocket, to: WebSocket, text: Uint8Array): void {
    if (to.readyState !== to.OPEN) return
    to.send(text, { binary: false }, () => {
      if (!from.isPaused || this.#ended || to.bufferedAmount > resumeBytes) return
      clearTimeout(this.#stalled.get(to))
      from.resume()
    })
    if (to.bufferedAmount <= maxMessageBytes || from.isPaused) return
    from.pause()
    this.#awaitReader(to)
  }

  /** A reader that takes nothing for as long as an upstream may be silent is given up. */
  #awaitReader(reader: WebSocket): void {
    const { bodyMs } = this.#masked.app.config.timeouts
    if (bodyMs > 0)
      this.#stalled.set(
        reader,
        setTimeout(() => reader.terminate(), bodyMs),
      )
  }

  /** Messages that were read before the end came are nobody's any more; our own mistakes end the link. */
  #guard(take: () => void): void {
    if (this.#ended) return
    try {
      take()
    } catch (cause) {
      this.#refuse(new ProxyError('ERR_INTERNAL', 'a frame could not be judged', { cause }), internalError)
    }
  }

  #refuse(error: ProxyError | undefined, code: number): void {
    const { arrival, client, app, route } = this.#masked
    if (error !== undefined && !this.#ended) {
      this.#observer.refused(arrival, client, error, this.#masked)
      if (error.code.startsWith('ERR_ANSWER_')) this.#observer.metrics.responseBlocked(app.id, route.id, error.code)
    }
    this.#end(code)
  }

  #end(code: number): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#stalled.values()) clearTimeout(timer)
    for (const side of [this.#client, this.#upstream]) close(side, code)
    this.#observer.answered(this.#masked, switchingProtocols, this.#filter.report)
  }
}

/** 1004 to 1006 are never sent: they go on as 4004 to 4006, as on routes without rows. */
function close(side: WebSocket, code: number): void {
  if (side.readyState === side.CONNECTING) return side.terminate()
  // Paused, it would never see the other's close frame.
  if (side.isPaused) side.resume()
  if (side.readyState === side.OPEN) side.close(code >= 1004 && code <= 1006 ? code + 3000 : code)
}

/** `ws` gives the payload of a message as one buffer unless told otherwise. */
function bytesOf(data: RawData): Buffer {
  if (!Buffer.isBuffer(data)) throw new TypeError('a message in pieces')
  return data
}

function appFault(error: Error): ProxyError {
  const code = codeOf(error)
  if (tooLarge.has(code)) return new ProxyError('ERR_ANSWER_TOO_LARGE', 'a message over the bound', { cause: error })
  if (isFrameFault(code)) return new ProxyError('ERR_UPSTREAM_PROTOCOL', code, { cause: error })
  return upstreamError(error)
}

/** A connection that breaks is no fault. */
function clientFault(error: Error): ProxyError | undefined {
  const code = codeOf(error)
  if (tooLarge.has(code)) return new ProxyError('ERR_BODY_TOO_LARGE', 'a message over the bound', { cause: error })
  return isFrameFault(code) ? new ProxyError('ERR_REQUEST_MALFORMED', code, { cause: error }) : undefined
}

function isFrameFault(code: string): boolean {
  return code.startsWith('WS_ERR_')
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
