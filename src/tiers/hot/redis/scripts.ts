import { createHash } from 'node:crypto';

/** A Lua script, known to the servers by its hash. */
export interface Script {
  readonly sha: string;
  readonly lua: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** The length of what stands before the body of an entry: see entry-text.ts. */
const HEADER = 22;

/** The header of a state, of which these are parts, from 1: see state-text.ts. */
const STATE_HEADER = `local old = redis.call('GETRANGE', KEYS[1], 0, 58)
    local ours, version = string.sub(old, 1, 2) == 'S1', string.sub(old, 12, 27)`;

/** The server's clock in microseconds, as a number that a double holds exactly. */
const MICROSECONDS = `local t = redis.call('TIME') local now = t[1] * 1000000 + t[2]`;

/**
 * The note beside a projection: the incarnation of the server that it was built on, `P` when it has a key and `E` when it holds
 * nothing, its kind. `stands` is the kind, or nil: evicted, or built in an earlier life of the server, which may lack what was
 * acknowledged since.
 */
const STANDING = `local note = redis.call('GET', KEYS[3]) or ''
    local stands = string.sub(note, 10)
    if string.sub(note, 1, 8) ~= ARGV[1] then stands = nil
    elseif string.sub(note, 9, 9) == 'P' and redis.call('EXISTS', KEYS[1]) == 0 then stands = nil end
    local life = stands and redis.call('PEXPIRETIME', KEYS[3])
    local function keep()
      local is = redis.call('EXISTS', KEYS[1]) == 1
      redis.call('SET', KEYS[3], ARGV[1] .. (is and 'P' or 'E') .. stands)
      if life > 0 then
        redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', life))
        redis.call('PEXPIREAT', KEYS[3], string.format('%.0f', life))
      end
    end`;

/** Every script. Each touches keys of one Cluster slot alone. */
export const scripts = {
  /** What stands at a key, in bounds. KEYS key; ARGV items, bytes of a text, bytes of a value with items. */
  look: script(`
    local key, items, longest = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
    local kind = redis.call('TYPE', key).ok
    if kind == 'none' then return false end
    local size = redis.pcall('MEMORY', 'USAGE', key)
    if type(size) ~= 'number' then size = -1 end
    local lengths = { string = 'STRLEN', hash = 'HLEN', set = 'SCARD', zset = 'ZCARD', list = 'LLEN', stream = 'XLEN' }
    local length = lengths[kind] and redis.call(lengths[kind], key) or 0
    local head = { kind, redis.call('PTTL', key), size, length, 0 }
    local found = {}
    if kind == 'string' then found = { redis.call('GETRANGE', key, 0, longest - 1) }
    elseif size > tonumber(ARGV[3]) then return head
    elseif kind == 'hash' then found = redis.call('HSCAN', key, 0, 'COUNT', items)[2]
    elseif kind == 'set' then found = redis.call('SSCAN', key, 0, 'COUNT', items)[2]
    elseif kind == 'zset' then found = redis.call('ZREVRANGE', key, 0, items - 1, 'WITHSCORES') end
    local most = (kind == 'hash' or kind == 'zset') and items * 2 or items
    for at = 1, math.min(#found, most) do
      if #found[at] > longest then head[5] = 1 end
      head[5 + at] = string.sub(found[at], 1, longest)
    end
    return head`),
  /** Writes while the expected version stands there. KEYS entry; ARGV version, text, expiry or ''. */
  fill: script(`
    if #ARGV[1] ~= ${HEADER} then return 0 end
    if redis.call('GETRANGE', KEYS[1], 0, ${HEADER - 1}) ~= ARGV[1] then return 0 end
    if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
    else redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
    return 1`),
  /** KEYS entry; ARGV version, life. */
  extend: script(`
    if redis.call('GETRANGE', KEYS[1], 0, ${HEADER - 1}) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`),
  /** KEYS entry; ARGV version, life that is left to it. */
  unclaim: script(`
    if redis.call('GETRANGE', KEYS[1], 0, ${HEADER - 1}) ~= ARGV[1] then return 0 end
    if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`),
  /** KEYS lease; ARGV token, life. The token stands before the fence: both in one value, so that they go together. */
  acquire: script(`
    if redis.call('EXISTS', KEYS[1]) == 1 then return false end
    ${MICROSECONDS}
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return string.format('%.0f', now)`),
  /** KEYS lease; ARGV token, life. */
  renew: script(`
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`),
  /** KEYS lease; ARGV token. */
  release: script(`
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])`),
  /**
   * Moves a projection where it stands, and ends a build of it. KEYS projection, epoch, note; ARGV incarnation, counts of set, include,
   * exclude, then their values.
   */
  apply: script(`
    ${STANDING}
    redis.call('DEL', KEYS[2])
    if not stands then return 0 end
    local at, sets, includes, excludes = 5, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    if (sets > 0 and stands ~= 'hash') or (includes + excludes > 0 and stands ~= 'set') then
      return redis.error_reply('WRONGTYPE the projection is a ' .. stands)
    end
    for _ = 1, sets do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) at = at + 2 end
    for _ = 1, includes do redis.call('SADD', KEYS[1], ARGV[at]) at = at + 1 end
    for _ = 1, excludes do redis.call('SREM', KEYS[1], ARGV[at]) at = at + 1 end
    keep()
    return 1`),
  /** KEYS projection, epoch, note; ARGV incarnation, epoch, expiry or '', kind, values. */
  replace: script(`
    if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
    redis.call('DEL', KEYS[1], KEYS[2])
    local kind, last = ARGV[4], #ARGV
    if kind == 'string' then redis.call('SET', KEYS[1], ARGV[5])
    elseif kind == 'hash' then for i = 5, last, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
    elseif kind == 'set' then for i = 5, last do redis.call('SADD', KEYS[1], ARGV[i]) end
    else for i = 5, last, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end end
    redis.call('SET', KEYS[3], ARGV[1] .. (last > 4 and 'P' or 'E') .. kind)
    if ARGV[3] ~= '' then
      redis.call('PEXPIREAT', KEYS[1], ARGV[3])
      redis.call('PEXPIREAT', KEYS[3], ARGV[3])
    end
    return 1`),
  /** KEYS projection, epoch, note, for each; ARGV incarnation, expiry or '', then for each: kind, count of values, values. */
  place: script(`
    local at = 3
    for i = 1, #KEYS, 3 do
      local kind, count = ARGV[at], tonumber(ARGV[at + 1])
      local first, last = at + 2, at + 1 + count
      at = last + 1
      local note = redis.call('GET', KEYS[i + 2]) or ''
      local stands = string.sub(note, 1, 8) == ARGV[1]
        and (string.sub(note, 9, 9) == 'E' or redis.call('EXISTS', KEYS[i]) == 1)
      if not stands and redis.call('EXISTS', KEYS[i + 1]) == 0 then
        redis.call('DEL', KEYS[i])
        if kind == 'string' then redis.call('SET', KEYS[i], ARGV[first])
        elseif count > 0 then
          local command = kind == 'hash' and 'HSET' or kind == 'set' and 'SADD' or 'ZADD'
          for from = first, last, 1000 do redis.call(command, KEYS[i], unpack(ARGV, from, math.min(last, from + 999))) end
        end
        redis.call('SET', KEYS[i + 2], ARGV[1] .. (count > 0 and 'P' or 'E') .. kind)
        if ARGV[2] ~= '' then
          redis.call('PEXPIREAT', KEYS[i], ARGV[2])
          redis.call('PEXPIREAT', KEYS[i + 2], ARGV[2])
        end
      end
    end
    return 1`),
  /** KEYS projection, epoch, note; ARGV incarnation. */
  content: script(`
    ${STANDING}
    if not stands then return false end
    if redis.call('EXISTS', KEYS[1]) == 0 then return {stands, {}} end
    if stands == 'string' then return {stands, redis.call('GET', KEYS[1])} end
    if stands == 'hash' then return {stands, redis.call('HGETALL', KEYS[1])} end
    if stands == 'set' then return {stands, redis.call('SMEMBERS', KEYS[1])} end
    return {stands, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}`),
  /** KEYS ranking, epoch, note; ARGV incarnation, onlyIfThere, keep or '', expiry or '', then score, id, … */
  rank: script(`
    ${STANDING}
    redis.call('DEL', KEYS[2])
    if not stands then
      if ARGV[2] == '1' then return 0 end
      redis.call('DEL', KEYS[1])
      stands, life = 'zset', -1
    end
    if stands ~= 'zset' then return redis.error_reply('WRONGTYPE the projection is a ' .. stands) end
    for i = 5, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
    if ARGV[3] ~= '' then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3]) end
    if ARGV[4] ~= '' then life = tonumber(ARGV[4]) end
    keep()
    return 1`),
  /** KEYS ranking, epoch, note; ARGV incarnation, count, 'REV' or ''. */
  top: script(`
    ${STANDING}
    if not stands then return {} end
    if ARGV[3] == '' then return redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1, 'WITHSCORES') end
    return redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1, 'REV', 'WITHSCORES')`),
  /** A ranking without members is still there. KEYS ranking, epoch, note; ARGV incarnation, ids. */
  unrank: script(`
    ${STANDING}
    redis.call('DEL', KEYS[2])
    if not stands then return 0 end
    if stands ~= 'zset' then return redis.error_reply('WRONGTYPE the projection is a ' .. stands) end
    for i = 2, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
    keep()
    return 1`),
  /** KEYS session; ARGV life, then field, value, … */
  sessionPut: script(`
    for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
    return redis.call('PEXPIRE', KEYS[1], ARGV[1])`),
  /** KEYS session; ARGV life or '', fields (none: all). */
  sessionGet: script(`
    if ARGV[1] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    if ARGV[2] then return redis.call('HGET', KEYS[1], ARGV[2]) end
    return redis.call('HGETALL', KEYS[1])`),
  /** The generic cell rate algorithm; times in microseconds. KEYS bucket; ARGV interval, window, cost. */
  take: script(`
    ${MICROSECONDS}
    local interval, window, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
    local after = full + cost * interval
    -- A double holds these times to a quarter of a microsecond: rounding must not refuse the last of a full bucket.
    if after - now > window + 1 then return {0, string.format('%.3f', full - now), string.format('%.3f', after - now - window)} end
    if cost > 0 then
      redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil((after - now) / 1000) + 1)
    end
    return {1, string.format('%.3f', after - now), '0'}`),
  /** Writes over an older version alone, of whatever life of the server. KEYS state; ARGV version, text, expiry or ''. */
  statePut: script(`
    ${STATE_HEADER}
    if ours and version >= ARGV[1] then return {0, old} end
    if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
    else redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
    return {1, old}`),
  /** Writes while the same header stands there. KEYS state; ARGV header, text, expiry or ''. */
  stateFill: script(`
    ${STATE_HEADER}
    if old ~= ARGV[1] then return 0 end
    if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
    else redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
    return 1`),
  /** Lengthens a life. KEYS state; ARGV form and incarnation, now, expiry as in the header, expiry or ''. */
  stateTouch: script(`
    ${STATE_HEADER}
    local expiry = string.sub(old, 28, 43)
    if not ours or string.sub(old, 1, 10) ~= ARGV[1] or string.sub(old, 11, 11) ~= 'V' then return false end
    if expiry <= ARGV[2] then return false end
    if expiry < ARGV[3] then
      redis.call('SETRANGE', KEYS[1], 27, ARGV[3])
      if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
    end
    return redis.call('GET', KEYS[1])`),
  /** KEYS state; ARGV version, the time when PostgreSQL was known to have it or '' when it has another. */
  stateSettle: script(`
    ${STATE_HEADER}
    if not ours or version > ARGV[1] then return 0 end
    if version < ARGV[1] or ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
    redis.call('SETRANGE', KEYS[1], 43, ARGV[2])
    return 1`),
} as const satisfies Record<string, Script>;

export type ScriptName = keyof typeof scripts;
