import { watchKeyFile } from '../accounts/watch-key-file.ts'
import type { Foundations } from './foundations.ts'

/** Goes over to the keys of a changed key file, until stopped; keys that cannot be used leave those before in force. */
export function watchKeys({ config, keys, observer }: Foundations): () => void {
  return watchKeyFile(config.keys.file, keys, (outcome) => {
    if (outcome === 'replaced') {
      const { id } = keys.assertionKey
      observer.log.info({ assertionKey: id }, 'keys read again')
      observer.tell({ event: 'config.reloaded', outcome: 'success', reason: 'key file', detail: { assertionKey: id } })
      return
    }
    const reason = String(outcome.error)
    observer.log.error({ error: reason }, 'changed key file cannot be used; the keys before it stay in force')
    observer.tell({ event: 'config.refused', outcome: 'refused', reason })
  })
}
