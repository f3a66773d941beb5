import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '../support/temp.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Cruise {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[]
  }
}

/** A copy of the sources, so that a fault can be planted in it. */
function copyOf(folder: string): string {
  cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(root, name), join(folder, name))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function cruise(folder: string): Promise<Cruise> {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [bin, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 256 * 1024 * 1024 }, (_error, out, errors) => {
      try {
        resolve(JSON.parse(out) as Cruise)
      } catch {
        reject(new Error(`dependency-cruiser said: ${errors.slice(0, 500)}`))
      }
    })
  })
}

describe('the import rules', () => {
  it('see the sources and find nothing wrong with them', async () => {
    const { summary } = await cruise(root)
    assert.ok(summary.totalCruised > 150, `only ${summary.totalCruised} modules were seen`)
    assert.deepEqual(summary.violations, [])
  })

  it('find a fault that is planted', async (t) => {
    const folder = copyOf(tempFolder(t))
    mkdirSync(join(folder, 'src/stages/match'), { recursive: true })
    const planted =
      "import { throttle } from '../throttle/throttle.ts'\nimport { fastify } from 'fastify'\nexport const planted = [throttle, fastify]\n"
    writeFileSync(join(folder, 'src/stages/match/planted.ts'), planted)
    const { summary } = await cruise(folder)
    const rules = summary.violations.filter(({ from }) => from.endsWith('planted.ts')).map(({ rule }) => rule.name)
    assert.ok(rules.includes('no-stage-imports-another'), rules.join(' '))
    assert.ok(rules.includes('no-fastify-in-stages'), rules.join(' '))
  })
})
