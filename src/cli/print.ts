import type { Io } from './cli.ts'

/** Rows under headings, each column as wide as its widest cell. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map(plainText))]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names and values, aligned. */
export function formatFacts(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length))
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${plainText(value)}`.trimEnd()).join('\n')
}

export function printJson(io: Io, value: unknown): void {
  io.out(JSON.stringify(value, undefined, 2))
}

/** What others wrote must not move the cursor of whoever reads it (CWE-150). */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}

/** `2 rows`, `1 row`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** RFC 3339 to the second, UTC. */
export function formatTime(ms: number | undefined): string {
  return ms === undefined ? '' : `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** How whoever reads this started us, so that what we print can be copied. */
export function ourName(env: NodeJS.ProcessEnv): string {
  if (env['npm_lifecycle_event'] === 'start') return 'npm start --'
  return env['npm_command'] === 'exec' ? 'npx sallyport' : 'sallyport'
}
