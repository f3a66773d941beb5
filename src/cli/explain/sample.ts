import { readFile, stat } from 'node:fs/promises'
import type { DatasetRouteConfig } from '../../config/config.ts'
import { CommandError } from '../cli.ts'
import { type DemoOrder, readDemoData } from '../demo/demo-config.ts'
import { legacyAnswer } from '../demo/legacy-answers.ts'

/** Longest answer that is explained. */
const maxBytes = 67_108_864

interface SampleAnswer {
  readonly type: string
  readonly bytes: Uint8Array
}

/** What the demo's apps answer at `path`. */
export async function sampleAnswer(route: DatasetRouteConfig, path: string): Promise<SampleAnswer> {
  const { orders } = await readDemoData()
  const legacy = legacyAnswer(path, orders)
  if (legacy !== undefined) return { type: legacy.type, bytes: Buffer.from(legacy.body) }
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(storedAt(orders, route, path))) }
}

function storedAt(orders: readonly DemoOrder[], { rows }: DatasetRouteConfig, path: string): unknown {
  if (rows.at.length === 0) throw new CommandError(`the sample apps have no answer to ${path}`)
  if (rows.at.some((pointer) => pointer.length > 0)) return orders
  // A route whose answer is one row: the one that the path names.
  const id = path.slice(path.lastIndexOf('/') + 1)
  const order = orders.find((row) => String(row['id']) === id)
  if (order === undefined) throw new CommandError(`the sample data has no order ${id}`)
  return order
}

export async function readAnswer(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > maxBytes) throw new CommandError(`${file} is longer than ${maxBytes} bytes`)
    return await readFile(file)
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    throw new CommandError(`${file} cannot be read (${String(code)})`, { cause })
  }
}
