import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A real server that the tests start, and the Debian package that has it. */
interface Program {
  readonly name: string
  readonly package: string
  readonly folders?: string
  /** There where this file is, for what is no program. */
  readonly file?: string
  /** Tests that want it say so in their title where it is missing. */
  readonly optional?: true
}

const programs: readonly Program[] = [
  { name: 'redis-server', package: 'redis-server' },
  { name: 'initdb', package: 'postgresql', folders: '/usr/lib/postgresql/*/bin' },
  { name: 'postgres', package: 'postgresql', folders: '/usr/lib/postgresql/*/bin' },
  { name: 'curl', package: 'curl' },
  { name: 'openssl', package: 'openssl' },
  { name: 'php', package: 'php-cli', optional: true },
  { name: 'nginx', package: 'nginx-light', folders: '/usr/sbin', optional: true },
  { name: 'PyJWT', package: 'python3-jwt', file: pythonModule('jwt'), optional: true },
  { name: 'Flask', package: 'python3-flask', file: pythonModule('flask'), optional: true },
]

/** Where Debian's own Python finds a module. */
export function pythonModule(name: string): string {
  return `/usr/lib/python3/dist-packages/${name}/__init__.py`
}

/** Where a program is: on the PATH, or in one of the folders where Debian hides it (the newest version first). */
export function findProgram(name: string, folders?: string): string | undefined {
  const hidden = folders === undefined ? [] : globSync(folders).sort().toReversed()
  const candidates = [...(process.env.PATH ?? '').split(delimiter), ...hidden].map((folder) => join(folder, name))
  return candidates.find(isExecutable)
}

export function missingServices(): readonly Program[] {
  return programs.filter(({ name, folders, file }) =>
    file === undefined ? findProgram(name, folders) === undefined : !existsSync(file),
  )
}

/** Installs what is missing where that is possible; otherwise says in one line what to install. */
export function providePrograms(missing: readonly Program[], say: (line: string) => void): string | undefined {
  if (missing.length === 0) return undefined
  const packages = [...new Set(missing.map((program) => program.package))]
  if (canInstall()) {
    say(`installing for the tests: ${packages.join(' ')}`)
    aptInstall(packages)
  }
  const needed = missingServices().filter((program) => program.optional !== true)
  if (needed.length === 0) return undefined
  const names = needed.map((program) => `${program.name} (Debian package ${program.package})`)
  return `the tests run against real servers; please install ${names.join(', ')}`
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined
}

/**
 * Packages that start their server when installed must not: the tests start their own, on free ports.
 * A failure shows in what is still missing afterwards.
 */
function aptInstall(packages: readonly string[]): void {
  const deny = '/usr/sbin/policy-rc.d'
  const denied = !existsSync(deny)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const run = (args: readonly string[]) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  try {
    if (denied) writeFileSync(deny, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    run(['update', '-qq'])
    run(['install', '-y', '-qq', '--no-install-recommends', ...packages])
  } finally {
    if (denied) rmSync(deny, { force: true })
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Absent or not ours to run: the same to us.
    return false
  }
}
