import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Cli, Edge, EdgeOptions } from './cli.ts'

/** Runs the edge until it is asked to stop; `announce` once it listens. */
export async function runEdge(
  config: Config,
  options: EdgeOptions,
  cli: Cli,
  announce: (edge: Edge) => void,
): Promise<void> {
  const stopped = cli.io.untilStopped()
  const { sink } = config.audit
  if (sink.kind === 'file') await mkdir(dirname(sink.file), { recursive: true, mode: 0o700 })
  const edge = await cli.startEdge(config, options)
  try {
    announce(edge)
    await stopped
  } finally {
    await edge.close()
  }
}
