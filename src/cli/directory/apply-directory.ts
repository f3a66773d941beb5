import type { Directory } from '../open-rooms.ts'
import type { Change } from './changes.ts'
import { readHoldings } from './holdings.ts'
import { planChanges } from './plan.ts'
import { readDirectory, refuseIfAny } from './read-directory.ts'

/** Brings the store to what the file says, or with `dryRun` only says what that would take. */
export async function applyDirectory(
  file: string,
  directory: Directory,
  options: { readonly env: NodeJS.ProcessEnv; readonly dryRun: boolean },
): Promise<readonly Change[]> {
  const { config, store } = directory
  const { source, report } = await readDirectory(file, config, options.env)
  const held = await readHoldings(source, store)
  const changes = await planChanges(source, held, await directory.keys(), report)
  refuseIfAny(report)
  if (!options.dryRun) for (const change of changes) await change.make(store)
  return changes
}
