/** Where everything stands in the core's memory: `wasm/layout.ts` says the same for the other side. */
export const layout = {
  stateAt: 0x10000,
  resultAt: 0x14000,
  plansAt: 0x100000,
  planBytes: 0x10000,
  planSlots: 64,
  planFormulaLength: 4,
  planAbsentBits: 8,
  planFlags: 12,
  planMaxRow: 16,
  planMaxDepth: 20,
  planNodes: 0x40,
  nodeBytes: 32,
  planKeys: 0x1100,
  keyBytes: 8,
  planSlotMasks: 0x1900,
  planSlotLists: 0x1a00,
  planFormula: 0x2000,
  planSieves: 0x2400,
  sieveBytes: 128,
  planNames: 0x4400,
  planNumbers: 0x7000,
  numberBytes: 0x100,
  planMemo: 0x8000,
  windowAt: 0x500080,
  windowBytes: 0x10000,
  outAt: 0x580000,
  cutStarts: 0x11700,
  cutEnds: 0x11f00,
  mostCuts: 512,
} as const

/** Flags of a plan. */
export const planFlag = { removes: 1, blocks: 2, opaque: 4, recounts: 8, totalBlocks: 16, strict: 32 } as const

/** Flags of a node. */
export const nodeFlag = {
  strict: 1,
  alone: 2,
  withheld: 4,
  guardsKeys: 8,
  guardsStar: 16,
  losesKeys: 32,
  hearsKeys: 64,
  element: 128,
  hasKeys: 256,
  skims: 512,
  simple: 1024,
} as const

/** By the role's name. */
export const roleCode = { path: 0, keep: 1, skip: 2, total: 3, row: 4, field: 5 } as const

/** What the core can hold; the plain scanner takes the rest. */
export const most = {
  nodes: 128,
  keys: 256,
  sieves: 64,
  slotEntries: 1536,
  slots: 16,
  leaves: 32,
  formula: 1024,
  formulaDepth: 60,
  /** Decimals that the numbers of one field are compared with. */
  points: 14,
  nameBytes: 0x2c00,
  depth: 500,
  /** Of a ruled key as a document may spell it. */
  keyBytes: 4096,
} as const
