import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { layout, most, nodeFlag, planFlag, roleCode } from '../../../../src/stages/filter/core/layout.ts'

/** The numbers that a source of the core gives a name, in order, so that later ones may be made of earlier ones. */
function numbersOf(file: string): ReadonlyMap<string, number> {
  const text = readFileSync(new URL(`../../../../wasm/${file}`, import.meta.url), 'utf8')
  const known = new Map<string, number>()
  for (const [, name = '', terms = ''] of text.matchAll(/^(?:export )?const (\w+): (?:usize|i32) = ([\w +]+)$/gmu)) {
    const values = terms.split(' + ').map((term) => known.get(term) ?? Number(term))
    known.set(
      name,
      values.reduce((sum, value) => sum + value),
    )
  }
  return known
}

describe('the memory of the JSON core', () => {
  const inCore = numbersOf('layout.ts')

  it('is laid out alike on both sides', () => {
    const shared = Object.entries(layout).filter(([name]) => inCore.has(name))
    assert.ok(shared.length > 15, `${shared.length} names in common`)
    for (const [name, value] of shared) assert.equal(inCore.get(name), value, name)
    assert.equal(inCore.get('stateCuts'), layout.cutStarts)
    assert.equal((inCore.get('stateCuts') ?? 0) + 0x800, layout.cutEnds)
  })

  it('gives flags and roles the same numbers on both sides', () => {
    const nodes = numbersOf('plan.ts')
    for (const [name, flag] of Object.entries(nodeFlag)) assert.equal(nodes.get(`node${upper(name)}`), flag, name)
    for (const [name, flag] of Object.entries(planFlag)) assert.equal(inCore.get(`flag${upper(name)}`), flag, name)
    for (const name of ['path', 'keep', 'total', 'row', 'field'] as const)
      assert.equal(nodes.get(`role${upper(name)}`), roleCode[name], name)
  })

  it('has room for the largest plan it takes', () => {
    const regions: readonly (readonly [number, number])[] = [
      [layout.planNodes, most.nodes * layout.nodeBytes],
      [layout.planKeys, most.keys * layout.keyBytes],
      [layout.planSlotMasks, most.slots * 4],
      [layout.planSlotLists, most.slotEntries],
      [layout.planFormula, most.formula],
      [layout.planSieves, most.sieves * layout.sieveBytes],
      [layout.planNames, most.nameBytes],
      [layout.planNumbers, most.slots * layout.numberBytes],
      [layout.planMemo, most.slots * 2048],
      [layout.planBytes, 0],
    ]
    for (const [at, [from, length]] of regions.entries()) {
      const next = regions[at + 1]?.[0] ?? layout.planBytes
      assert.ok(from + length <= next, `${from} + ${length} > ${next}`)
    }
    assert.ok(layout.plansAt + layout.planSlots * layout.planBytes <= layout.windowAt)
    assert.ok(8 + 8 * most.points <= 136 && 136 + 4 * (2 * most.points + 1) <= layout.numberBytes)
  })
})

function upper(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}
