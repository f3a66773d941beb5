import type { Readable } from 'node:stream'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import { filterBody } from '../stages/filter/filter-body.ts'
import { type FilterVerdict, planAnswer } from '../stages/filter/filter-response.ts'
import type { AnswerHead, Lane, UpstreamRequest } from '../stages/forward/lane.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { answerRules } from './answer-rules.ts'

const itemMethods = new Set(['PUT', 'PATCH', 'DELETE'])

/** Whether the request changes or deletes an item that has to be looked at first. */
export function needsPreRead(masked: Masked): boolean {
  return masked.route.rows?.preRead === true && itemMethods.has(masked.arrival.method)
}

/**
 * Reads the item a write is aimed at, as the caller, through the same filter as any answer: what the caller may not
 * modify is 404, as if it did not exist (CWE-639). Between this look and the write the app may still change the item.
 * `asked` is the GET, with the headers of the write. Gives the item back as the caller may see it.
 */
export async function requireVisibleItem(masked: Masked, lane: Lane, asked: UpstreamRequest): Promise<Buffer> {
  const { head, body } = await look(lane, {
    ...asked,
    headers: withoutBody(asked.headers),
  })
  const verdict = planAnswer({ method: 'GET', head, rows: answerRules(masked), ownCookies: [] })
  if (verdict.kind === 'filter' && head.status === 200) return readItem(body, verdict)
  body.on('error', () => undefined).destroy()
  if (head.status >= 500) throw new ProxyError('ERR_UPSTREAM_FAILED', `looking at the item gave ${head.status}`)
  throw new ProxyError('ERR_ITEM_NOT_FOUND', `looking at the item gave ${head.status}`)
}

async function readItem(body: Readable, verdict: FilterVerdict): Promise<Buffer> {
  const filtered = filterBody(body, verdict)
  const pieces: Buffer[] = []
  try {
    for await (const piece of filtered as AsyncIterable<Buffer>) {
      pieces.push(piece)
      // An item is one row, of bounded length: a list is not read to its end.
      if (filtered.report.rows > 1) break
    }
  } catch (error) {
    throw error instanceof ProxyError ? error : upstreamError(error)
  }
  const { rows, withheld } = filtered.report
  if (rows !== 1 || withheld !== 0) throw new ProxyError('ERR_ITEM_NOT_FOUND', 'the item is not the caller’s to change')
  return Buffer.concat(pieces)
}

function look(lane: Lane, request: UpstreamRequest): Promise<{ readonly head: AnswerHead; readonly body: Readable }> {
  return new Promise((resolve, reject) => {
    lane.send(request, { answer: (head, body) => resolve({ head, body: body.stream() }), fail: reject })
  })
}

/** The look has no body and no condition, so nothing may speak of one. */
function withoutBody(headers: readonly string[]): string[] {
  const kept = headers.filter((_, at) => !/^(?:content-.*|if-.*|accept)$/.test(headers[at - (at % 2)] ?? ''))
  return [...kept, 'accept', 'application/json']
}
