import assert from 'node:assert/strict'
import type { Config } from '../../src/config/config.ts'
import { type ParseOptions, parseConfig } from '../../src/config/load.ts'
import { ConfigError, formatProblems } from '../../src/config/problems.ts'

/** Accepted as it stands; the tests change one thing and say what is wrong then. */
export const good = `publicUrl: https://edge.example.com
listen:
  trustedProxies: [10.0.0.0/8]
store: { url: "sqlite:data/test.db" }
sessions: { idle: 8h, absolute: 12h }
datasets:
  orders:
    tenant: account
    fields:
      account: string
      amount: number
      owner: { type: string, at: /meta/owner }
apps:
  - id: orders
    match: { hosts: [orders.example.com], path: / }
    upstreams: [http://10.0.0.5:3000]
    identity: { profile: sallyport }
    routes:
      - methods: [GET]
        path: /public/**
        access: public
      - methods: [GET]
        path: /api/orders/**
        access: { roles: [viewer] }
        dataset: orders
        rows: { at: [/items/*] }
        onViolation: drop
`

export function parse(text: string, options: Partial<ParseOptions> = {}): Config {
  return parseConfig(text, { file: 's.yaml', env: {}, readFile: refuseFile, ...options })
}

export function refuseFile(): never {
  throw Object.assign(new Error('none here'), { code: 'ENOENT' })
}

/** The good document with `before` replaced by `after`. */
export function changed(before: string, after: string): string {
  assert.equal(good.split(before).length, 2, `${JSON.stringify(before)} stands once in the good document`)
  return good.replace(before, () => after)
}

/** Every problem as it is printed, without the name of the file. */
export function problemsOf(text: string, options: Partial<ParseOptions> = {}): readonly string[] {
  try {
    parse(text, options)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return formatProblems(error.problems)
      .replaceAll(/^s\.yaml:/gm, '')
      .split('\n')
  }
  return []
}
