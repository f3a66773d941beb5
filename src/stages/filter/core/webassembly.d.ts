/** The part of the WebAssembly JavaScript interface that is used here; neither ECMAScript's types nor Node's declare it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
    readonly ownedByTheEngine: never
  }
  class Instance {
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, (...args: number[]) => unknown>>>>,
    )
    readonly exports: Readonly<Record<string, unknown>>
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Global {
    readonly value: number
  }
  function validate(bytes: Uint8Array): boolean
}
