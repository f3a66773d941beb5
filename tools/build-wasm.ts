import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

/**
 * Compiles the JSON core (`npm run build:wasm`). The binary is checked in, so that nobody needs the compiler to run the
 * edge; `--check` fails where the sources give another one.
 */
const source = 'wasm/json-core.ts'
const target = fileURLToPath(new URL('../src/stages/filter/core/json-core.wasm', import.meta.url))

const options = [
  '-O3',
  '--noAssert',
  '--zeroFilledMemory',
  '--runtime=stub',
  '--use=abort=',
  '--enable=simd',
  '--enable=bulk-memory',
  // 6 MiB, and never more: see wasm/layout.ts.
  '--initialMemory=96',
  '--maximumMemory=96',
]

async function compile(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const { error } = await main([source, '-o', 'json-core.wasm', ...options], {
    readFile: (name, base) => read(new URL(name, new URL(`../${base}/`.replace(/\/+$/, '/'), import.meta.url))),
    writeFile: (name, contents) => {
      if (name === 'json-core.wasm' && typeof contents !== 'string') binary = contents
    },
    listFiles: () => null,
    stderr: process.stderr,
  })
  if (error !== null || binary === undefined) throw new Error(`${source} does not compile`)
  return binary
}

function read(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

const made = await compile()
if (process.argv.includes('--check')) {
  if (!readFileSync(target).equals(made)) {
    process.stderr.write(`${target} is not what ${source} compiles to: run npm run build:wasm\n`)
    process.exitCode = 1
  }
} else writeFileSync(target, made)
