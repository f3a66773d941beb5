/**
 * Where everything stands in the one linear memory. `src/stages/filter/core/layout.ts` says the same for the other side,
 * and a test holds the two together.
 */

/** What a stream must find again in its next piece: the first part always, the others while they hold something. */
export const stateAt: usize = 0x10000
/** By node: see `row.ts` and `gate.ts`. */
export const stateNodes: usize = stateAt
export const stateScalars: usize = stateAt + 0x1000
/** By depth: see `walk.ts`. */
export const stateDepth: usize = stateAt + 0x1100
export const stateCuts: usize = stateAt + 0x1700
export const stateSpill: usize = stateAt + 0x2700
export const stateEnd: usize = stateAt + 0x3700
/** What the other side reads after every piece. */
export const resultAt: usize = stateAt + 0x4000

/** Compiled plans, one a slot. */
export const plansAt: usize = 0x100000

/** In a plan. */
export const planFormulaLength: usize = 4
export const planAbsentBits: usize = 8
export const planFlags: usize = 12
export const planMaxRow: usize = 16
export const planMaxDepth: usize = 20
export const planNodes: usize = 0x40
export const nodeBytes: usize = 32
export const planKeys: usize = 0x1100
export const keyBytes: usize = 8
export const planSlotMasks: usize = 0x1900
export const planSlotLists: usize = 0x1a00
export const planFormula: usize = 0x2000
export const planSieves: usize = 0x2400
export const sieveBytes: usize = 128
export const planNames: usize = 0x4400
/** By slot: how numbers are told apart without asking; see `number.ts`. */
export const planNumbers: usize = 0x7000
export const numberBytes: usize = 0x100
export const planMemo: usize = 0x8000
export const memoEntries: i32 = 32
export const memoEntryBytes: usize = 64
/** Bytes of a value that the memo can hold. */
export const memoValueBytes: i32 = 56

/** Flags of a plan. */
export const flagRemoves: i32 = 1
export const flagBlocks: i32 = 2
export const flagOpaque: i32 = 4
export const flagRecounts: i32 = 8
export const flagTotalBlocks: i32 = 16
export const flagStrict: i32 = 32

/** The piece that is being read. */
export const windowAt: usize = 0x500080
/** Positions of its structural characters and of the begins of its scalars. */
export const indexAt: usize = 0x520000
/** What goes out of it. */
export const outAt: usize = 0x580000
