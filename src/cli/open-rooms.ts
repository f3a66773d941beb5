import type { AccountStore } from '../accounts/account-store.ts'
import { openKeyFile } from '../accounts/key-file.ts'
import { openAccountStore } from '../accounts/open-store.ts'
import type { Config } from '../config/config.ts'
import type { Arguments } from './arguments.ts'
import { auditedStore } from './audited-store.ts'
import type { Io } from './cli.ts'
import { findConfig } from './find-config.ts'

/** Seals what the store must not read. */
export interface Sealer {
  seal(plain: string, context: string): string
}

/** The directory of one installation, open. */
export interface Directory {
  readonly config: Config
  readonly store: AccountStore
  /** Opens the key file when it is first needed. */
  readonly keys: () => Promise<Sealer>
}

export function storeUrl(config: Config): string {
  return config.store.kind === 'sqlite' ? `sqlite:${config.store.file}` : config.store.url.reveal()
}

/**
 * An embedded store is brought to this version at once. One that edges share is not: `migrate` does that, so that a
 * command line of another version does not change it by being curious.
 */
export async function withDirectory<T>(config: Config, work: (directory: Directory) => Promise<T>): Promise<T> {
  const store = await openAccountStore(storeUrl(config))
  const embedded = config.store.kind === 'sqlite'
  try {
    if (embedded) await store.migrate()
    return await work({
      config,
      store: auditedStore(store, config),
      keys: () => openKeyFile(config.keys.file, { create: embedded }),
    })
  } finally {
    await store.close()
  }
}

/** The same for the installation that the options name. */
export async function inDirectory<T>(args: Arguments, io: Io, work: (directory: Directory) => Promise<T>): Promise<T> {
  return withDirectory(await findConfig(args, io), work)
}
