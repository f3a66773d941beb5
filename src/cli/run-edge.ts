import type { Config } from '../config/config.ts'
import { claimAuditFile } from './claim-audit-file.ts'
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
  const release = sink.kind === 'file' ? await claimAuditFile(sink.file) : undefined
  try {
    const edge = await cli.startEdge(config, options)
    try {
      announce(edge)
      await stopped
    } finally {
      await edge.close()
    }
  } finally {
    release?.()
  }
}
