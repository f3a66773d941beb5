import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseSource } from '../../config/document.ts'
import { type Config, loadConfig } from '../../config/load.ts'
import { maskFaults } from '../mask-faults.ts'

const shipped = (name: string) => fileURLToPath(new URL(`../../../config/${name}`, import.meta.url))

export const demoConfigFile = shipped('demo.yaml')
/** What `apply` brings the demo's store to. */
export const demoDirectoryFile = shipped('demo-directory.yaml')
const demoDataFile = shipped('demo-data.yaml')

/** Where the sample apps listen; the demo sets it, other commands never connect to them. */
interface DemoUpstreams {
  readonly orders: string
  readonly legacy: string
}

const nowhere = 'http://127.0.0.1:1'

export function loadDemoConfig(
  env: NodeJS.ProcessEnv,
  { orders, legacy }: DemoUpstreams = { orders: nowhere, legacy: nowhere },
): Promise<Config> {
  const upstreams = { SALLYPORT_DEMO_UPSTREAM: orders, SALLYPORT_DEMO_LEGACY: legacy }
  return loadConfig(demoConfigFile, { ...upstreams, ...env }, maskFaults)
}

/** A row of the sample data. */
export type DemoOrder = Readonly<Record<string, string | number>>

interface DemoData {
  readonly orders: readonly DemoOrder[]
}

/** The data of the sample apps, as json-server wants it. */
export async function readDemoData(): Promise<DemoData> {
  const { value, complaints } = parseSource(await readFile(demoDataFile, 'utf8'))
  if (complaints.length > 0 || !isData(value)) throw new TypeError('the demo data is damaged')
  return value
}

function isData(value: unknown): value is DemoData {
  return typeof value === 'object' && value !== null && 'orders' in value && isOrders(value.orders)
}

function isOrders(value: unknown): boolean {
  return Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null && hasScalars(row))
}

function hasScalars(row: object): boolean {
  return Object.values(row).every((value) => typeof value === 'string' || typeof value === 'number')
}
