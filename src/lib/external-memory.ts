import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 count the memory of buffers together with its heap. By default every 64 MiB of bodies that pass through start
 * a collection of the whole heap, and those took a third of the CPU of large answers (`npm run bench:large`). For the
 * releases of Node on which that was measured; others keep their default.
 */
export function relaxExternalMemory(): void {
  if (process.versions.node.startsWith('26.')) setFlagsFromString('--external-memory-accounted-in-global-limit')
}
