import { readArguments } from './arguments.ts'
import type { Command } from './cli.ts'
import { demoDirectoryFile } from './demo/demo-config.ts'
import { applyDirectory } from './directory/apply-directory.ts'
import { formatChange } from './directory/changes.ts'
import { configHelp, configOptions } from './find-config.ts'
import { inDirectory } from './open-rooms.ts'
import { count, plainText, printJson } from './print.ts'

export const apply: Command = {
  name: 'apply',
  summary: 'bring tenants, accounts, groups and grants to what a file says',
  usage: `sallyport apply -f FILE [--dry-run]

Prints the difference (+ added, ~ changed, - removed) and makes it; a second run finds none.
What the file does not mention stays, unless it says \`prune: true\`.

  -f, --file FILE   the directory file (docs/cli.md)
  --dry-run         only print the difference
${configHelp}`,
  async run(args, { io }) {
    const given = readArguments(args, {
      options: { ...configOptions, file: 'text', 'dry-run': 'flag' },
      short: { file: 'f' },
    })
    const file = given.flag('demo') ? (given.text('file') ?? demoDirectoryFile) : given.required('file')
    const dryRun = given.flag('dry-run')
    const changes = await inDirectory(given, io, (directory) =>
      applyDirectory(file, directory, { env: io.env, dryRun }),
    )
    if (given.flag('json')) {
      printJson(io, {
        applied: !dryRun,
        changes: changes.map(({ sign, kind, what, detail }) => ({ sign, kind, what, detail })),
      })
      return 0
    }
    for (const change of changes) io.out(plainText(formatChange(change)))
    if (changes.length === 0) io.out('nothing to change')
    else
      io.out(
        dryRun ? `${count(changes.length, 'change')} not made (--dry-run)` : `${count(changes.length, 'change')} made`,
      )
    return 0
  },
}
