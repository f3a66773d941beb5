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

/** Where the sample app listens; the demo sets it, other commands never connect to it. */
const demoUpstreamVariable = 'SALLYPORT_DEMO_UPSTREAM'

export function loadDemoConfig(env: NodeJS.ProcessEnv, upstream = 'http://127.0.0.1:1'): Promise<Config> {
  return loadConfig(demoConfigFile, { [demoUpstreamVariable]: upstream, ...env }, maskFaults)
}

/** The sample app's data, as json-server wants it. */
export async function readDemoData(): Promise<{ readonly orders: readonly unknown[] }> {
  const { value, complaints } = parseSource(await readFile(demoDataFile, 'utf8'))
  if (complaints.length > 0 || !isData(value)) throw new TypeError('the demo data is damaged')
  return value
}

function isData(value: unknown): value is { readonly orders: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'orders' in value && Array.isArray(value.orders)
}
