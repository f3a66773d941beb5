import { setTimeout as sleep } from 'node:timers/promises'
import type { Ban } from '../../bans/ban.ts'
import { BanList, type BanOutcome, OPERATOR } from '../../bans/ban-list.ts'
import type { Config } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import { systemClock } from '../../lib/clock.ts'
import { formatNetwork, type Network, parseNetwork } from '../../lib/ip-network.ts'
import { openSharedState } from '../../shared-state/open-state.ts'
import type { SharedState } from '../../shared-state/shared-state.ts'
import { type Arguments, readArguments } from '../arguments.ts'
import { recorded } from '../audited-store.ts'
import { CommandError, type Io, UsageError } from '../cli.ts'
import { durationFrom } from '../duration.ts'
import { configHelp, configOptions, findConfig } from '../find-config.ts'
import { count, formatTable, formatTime, printJson } from '../print.ts'
import { type Verb, verbCommand } from './verbs.ts'

const usualBanMs = 15 * 60_000
const maxWaitMs = 10_000
const connectMs = 3000
const pauseMs = 50

/** Opens the fleet's list, and waits until what was done to it is published. */
async function withBans<T>(
  given: Arguments,
  io: Io,
  work: (bans: BanList, config: Config) => T | Promise<T>,
): Promise<T> {
  const config = await findConfig(given, io)
  if (config.state.kind === 'memory') {
    throw new CommandError(
      'state.url is memory:, so the bans are inside the running edge and nobody else can see or change them; with redis:// they are shared, and this command works',
    )
  }
  const state = openSharedState(config.state.url.reveal(), systemClock)
  try {
    await untilAnswered(state)
    const bans = new BanList(state.bans, systemClock, listOptions(config))
    try {
      await inTime(bans.started)
      const result = await work(bans, config)
      await inTime(bans.settled())
      return result
    } finally {
      bans.close()
    }
  } finally {
    await state.close()
  }
}

function listOptions(config: Config) {
  const allow = config.bans.neverBan.flatMap((text) => parseNetwork(text, { hostBits: 'mask' }) ?? [])
  const protect = config.listen.trustedProxies.flatMap((text) => parseNetwork(text, { hostBits: 'mask' }) ?? [])
  return { allow, protect }
}

/** A connection is made in the background, and a command sent before it is there fails at once. */
async function untilAnswered(state: SharedState): Promise<void> {
  const deadline = systemClock.now() + connectMs
  for (;;) {
    try {
      return await inTime(state.ping())
    } catch (error) {
      if (systemClock.now() >= deadline) throw error
    }
    await sleep(pauseMs)
  }
}

async function inTime(promise: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new ProxyError('ERR_STATE_UNAVAILABLE', 'the shared state does not answer')),
    maxWaitMs,
  )
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function banEvent(event: 'ban.added' | 'ban.removed', network: Network, reason: string) {
  return { event, reason, detail: { network: formatNetwork(network) } }
}

function networkFrom(text: string): Network {
  const network = parseNetwork(text, { hostBits: 'refuse' })
  if (network === undefined) throw new UsageError(`${text} is neither an address nor a network such as 192.0.2.0/24`)
  return network
}

function shown(ban: Ban) {
  const { network, until, since, origin, reason, scenario, by, forced } = ban
  return {
    network: formatNetwork(network),
    until: formatTime(until),
    since: formatTime(since),
    origin,
    reason,
    scenario,
    by,
    forced,
  }
}

const add: Verb = async (args, { io }) => {
  const options = { ...configOptions, for: 'text', reason: 'text', force: 'flag' } as const
  const given = readArguments(args, { options, words: ['ADDRESS'] })
  const network = networkFrom(given.requiredWord(0))
  const until = systemClock.now() + (durationFrom(given, 'for') ?? usualBanMs)
  const reason = given.text('reason') ?? 'by an operator'
  const request = { network, until, reason, origin: OPERATOR, force: given.flag('force') }
  const outcome = await withBans(given, io, (bans, config) =>
    recorded(
      config,
      banEvent('ban.added', network, reason),
      async () => bans.add(request),
      ({ kind }) => kind === 'added',
    ),
  )
  if (outcome.kind === 'refused')
    throw new CommandError(`${formatNetwork(network)} is not banned: ${whyRefused(outcome.reason)}`)
  if (given.flag('json')) printJson(io, shown(outcome.ban))
  else io.out(`banned ${formatNetwork(network)} until ${formatTime(outcome.ban.until)}`)
  return 0
}

function whyRefused(reason: Extract<BanOutcome, { kind: 'refused' }>['reason']): string {
  switch (reason) {
    case 'allowed':
      return 'the configuration says never (bans.neverBan)'
    case 'protected':
      return 'it holds loopback or a trusted proxy; --force bans it all the same'
    case 'everyone':
      return 'that would be everyone'
    case 'ended':
      return 'it would have ended already'
    case 'origin':
      return 'its origin has no proper name'
    case 'full':
      return 'the list is full'
  }
}

const list: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions })
  const bans = (await withBans(given, io, (bans) => bans.list()))
    .map(shown)
    .toSorted((a, b) => (a.network < b.network ? -1 : 1))
  if (given.flag('json')) printJson(io, bans)
  else {
    const headings = ['NETWORK', 'UNTIL', 'ORIGIN', 'REASON']
    io.out(
      formatTable(
        headings,
        bans.map(({ network, until, origin, reason }) => [network, until, origin, reason]),
      ),
    )
  }
  return 0
}

const remove: Verb = async (args, { io }) => {
  const given = readArguments(args, { options: configOptions, words: ['ADDRESS'] })
  const network = networkFrom(given.requiredWord(0))
  const removed = await withBans(given, io, (bans, config) =>
    recorded(
      config,
      banEvent('ban.removed', network, 'by an operator'),
      async () => bans.remove(network),
      (lifted) => lifted.length > 0,
    ),
  )
  if (removed.length === 0) throw new CommandError(`there is no ban of exactly ${formatNetwork(network)}`)
  if (given.flag('json')) printJson(io, removed.map(shown))
  else io.out(`lifted ${count(removed.length, 'ban')} of ${formatNetwork(network)}`)
  return 0
}

export const ban = verbCommand(
  {
    name: 'ban',
    summary: "the fleet's bans: add, list, remove",
    usage: `sallyport ban add ADDRESS|NETWORK [--for 15m] [--reason R] [--force]
sallyport ban list
sallyport ban remove ADDRESS|NETWORK

The list is in the shared state, so \`state.url\` must be redis:// or rediss://.
${configHelp}`,
  },
  { add, list, remove },
)
