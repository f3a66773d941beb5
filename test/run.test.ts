import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tempFolder } from './support/temp.ts'

const runner = fileURLToPath(new URL('run.ts', import.meta.url))

async function run(args: readonly string[], path = process.env.PATH) {
  const child = spawn(process.execPath, [runner, ...args], { env: { ...process.env, PATH: path } })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('close', resolve)
  return { code: await promise, text: Buffer.concat(output).toString() }
}

test('the test run ends with the closing lines of the runner, and with its exit code', async (t) => {
  const folder = tempFolder(t)
  const [good, bad] = [join(folder, 'good.test.ts'), join(folder, 'bad.test.ts')]
  writeFileSync(good, "import { test } from 'node:test'\ntest('long ' + process.env.SALLYPORT_TEST_LONG, () => {})\n")
  writeFileSync(bad, "import { test } from 'node:test'\ntest('bad', () => { throw new Error('bad') })\n")
  const passed = await run(['--long', good])
  assert.equal(passed.code, 0)
  assert.match(passed.text, /long 1/)
  assert.match(passed.text, /pass 1\n(.*\n)*.*duration_ms [\d.]+\s*$/)
  const failed = await run([good, bad])
  assert.equal(failed.code, 1)
  assert.match(failed.text, /fail 1/)
})

test('the test run refuses to test nothing', async () => {
  const { code, text } = await run(['no-such.test.ts'])
  assert.equal(code, 2)
  assert.equal(text, 'no test file matches no-such.test.ts\n')
})

test('the test run names in one line what is missing and cannot be installed', async () => {
  const { code, text } = await run([], '/nonexistent')
  assert.equal(code, 2)
  assert.match(
    text,
    /^the tests run against real servers; please install redis-server \(Debian package redis-server\).*\n$/,
  )
})
