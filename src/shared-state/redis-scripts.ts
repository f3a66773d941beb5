import type { Redis } from 'ioredis'

/**
 * The Lua scripts: each changes several keys in one step. All keys carry one hash tag, so that they share a slot.
 * Times come in as arguments only where they are the writer's own; what is purged is decided by the clock of Redis.
 */

/** KEYS counter; ARGV windowMs. Returns count and milliseconds left. */
const hit = `
local count = redis.call('INCR', KEYS[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  ttl = tonumber(ARGV[1])
end
return {count, ttl}`

/** KEYS session, account; ARGV id, value, ttlMs, absoluteUntil, absoluteMs. */
const putSession = `
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] * 1000)
return 1`

/** KEYS session; ARGV idleUntil, now. The value is: idleUntil, absoluteUntil, JSON. */
const touchSession = `
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
local absolute, json = string.match(value, '^%d+ (%d+) (.*)$')
if not absolute then return 0 end
local ttl = math.min(tonumber(ARGV[1]), tonumber(absolute)) - tonumber(ARGV[2])
if ttl <= 0 then
  redis.call('DEL', KEYS[1])
  return 1
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. absolute .. ' ' .. json, 'PX', ttl)
return 1`

/** Names this life of the data set; an emptied Redis gets another. */
const epochOf = `
local epoch = redis.call('GET', KEYS[5])
if not epoch then
  epoch = ARGV[1]
  redis.call('SET', KEYS[5], epoch)
end
`

const addEntry = `
local function addEntry(member, expiresAt, value, maxFeed, maxEntries)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ended = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 64)
  if #ended > 0 then
    redis.call('HDEL', KEYS[2], unpack(ended))
    redis.call('ZREM', KEYS[1], unpack(ended))
  end
  if redis.call('HLEN', KEYS[2]) >= tonumber(maxEntries) and redis.call('HEXISTS', KEYS[2], member) == 0 then
    return 0
  end
  redis.call('ZADD', KEYS[1], expiresAt, member)
  redis.call('HSET', KEYS[2], member, expiresAt .. ' ' .. value)
  local seq = redis.call('INCR', KEYS[4])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', maxFeed, '*',
    'epoch', epoch, 'seq', seq, 'member', member, 'value', expiresAt .. ' ' .. value)
  return 1
end
`

/** KEYS expiries, values, feed, sequence, epoch; ARGV epoch, member, expiresAt, value, maxFeed, maxEntries. */
const replicatedAdd = `${epochOf}${addEntry}
return addEntry(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])`

/** KEYS as above; ARGV epoch, member, maxFeed. */
const replicatedRemove = `${epochOf}
redis.call('ZREM', KEYS[1], ARGV[2])
if redis.call('HDEL', KEYS[2], ARGV[2]) == 0 then return 0 end
local seq = redis.call('INCR', KEYS[4])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'epoch', epoch, 'seq', seq, 'member', ARGV[2])
return 1`

/** KEYS as above; ARGV epoch. Returns epoch, sequence, last id of the feed. */
const replicatedPosition = `${epochOf}
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
local id = '0-0'
if last[1] then id = last[1][1] end
return {epoch, redis.call('GET', KEYS[4]) or '0', id}`

/** KEYS as above, then session, account; ARGV as replicatedAdd, then id. Nobody sees the end without the news. */
const endSession = `${epochOf}${addEntry}
local added = addEntry(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('DEL', KEYS[6])
redis.call('ZREM', KEYS[7], ARGV[7])
return added`

type Script = (...keysAndArguments: readonly (string | number)[]) => Promise<unknown>

export interface ScriptedRedis extends Redis {
  readonly spHit: Script
  readonly spPutSession: Script
  readonly spTouchSession: Script
  readonly spEndSession: Script
  readonly spReplicatedAdd: Script
  readonly spReplicatedRemove: Script
  readonly spReplicatedPosition: Script
}

export function defineScripts(client: Redis): ScriptedRedis {
  client.defineCommand('spHit', { numberOfKeys: 1, lua: hit })
  client.defineCommand('spPutSession', { numberOfKeys: 2, lua: putSession })
  client.defineCommand('spTouchSession', { numberOfKeys: 1, lua: touchSession })
  client.defineCommand('spEndSession', { numberOfKeys: 7, lua: endSession })
  client.defineCommand('spReplicatedAdd', { numberOfKeys: 5, lua: replicatedAdd })
  client.defineCommand('spReplicatedRemove', { numberOfKeys: 5, lua: replicatedRemove })
  client.defineCommand('spReplicatedPosition', { numberOfKeys: 5, lua: replicatedPosition })
  if (!isScripted(client)) throw new TypeError('the driver did not define the scripts')
  return client
}

function isScripted(client: Redis): client is ScriptedRedis {
  return 'spHit' in client && 'spReplicatedPosition' in client
}
