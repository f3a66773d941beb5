import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A new folder of this test's own, removed with everything in it after the test. */
export function tempFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
