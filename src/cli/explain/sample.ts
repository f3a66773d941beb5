import { readFile, stat } from 'node:fs/promises'
import type { DatasetRouteConfig } from '../../config/config.ts'
import { CommandError } from '../cli.ts'
import { readDemoData } from '../demo/demo-config.ts'

/** Longest answer that is explained. */
const maxBytes = 67_108_864

/** The bytes of `--response`: a file, or `sample` for what the demo's app would answer. */
export async function readResponse(name: string, route: DatasetRouteConfig, path: string): Promise<Uint8Array> {
  return name === 'sample' ? Buffer.from(await readSample(route, path)) : readGiven(name)
}

async function readSample(route: DatasetRouteConfig, path: string): Promise<string> {
  const { orders } = await readDemoData()
  if (route.rows.at.some((pointer) => pointer.length > 0)) return JSON.stringify(orders)
  // A route whose answer is one row: the one that the path names.
  const id = path.slice(path.lastIndexOf('/') + 1)
  const order = orders.find((row) => typeof row === 'object' && row !== null && 'id' in row && String(row.id) === id)
  if (order === undefined) throw new CommandError(`the sample data has no order ${id}`)
  return JSON.stringify(order)
}

async function readGiven(file: string): Promise<Uint8Array> {
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
