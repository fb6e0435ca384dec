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
 * `sum(a, b)` of two decimal texts, exact: HINCRBYFLOAT rounds to 17 digits, and sums of money must not drift. Digits are added
 * 14 at a time, which a double holds.
 */
const SUM = `
    local function split(text)
      local sign, whole, fraction = string.match(text, '^([+-]?)0*(%d*)%.?(%d*)$')
      return sign == '-', whole, fraction
    end
    local function sum(a, b)
      local minusA, wholeA, fractionA = split(a)
      local minusB, wholeB, fractionB = split(b)
      local scale = math.max(#fractionA, #fractionB)
      local x = wholeA .. fractionA .. string.rep('0', scale - #fractionA)
      local y = wholeB .. fractionB .. string.rep('0', scale - #fractionB)
      local length = math.ceil(math.max(#x, #y, 1) / 14) * 14
      x, y = string.rep('0', length - #x) .. x, string.rep('0', length - #y) .. y
      local minus, factor = minusA, 1
      if minusA ~= minusB then
        factor = -1
        if x < y then x, y, minus = y, x, minusB end
      end
      local digits, carry = '', 0
      for from = length - 13, 1, -14 do
        local part = tonumber(string.sub(x, from, from + 13)) + factor * tonumber(string.sub(y, from, from + 13)) + carry
        carry = part >= 1e14 and 1 or part < 0 and -1 or 0
        digits = string.format('%014.0f', part - carry * 1e14) .. digits
      end
      if carry == 1 then digits = '1' .. digits end
      local whole = string.gsub(string.sub(digits, 1, #digits - scale), '^0+', '')
      local fraction = string.gsub(string.sub(digits, #digits - scale + 1), '0+$', '')
      local text = (whole == '' and '0' or whole) .. (fraction == '' and '' or '.' .. fraction)
      return (minus and text ~= '0' and '-' or '') .. text
    end`;

/** Every script. Each touches keys of one Cluster slot alone. */
export const scripts = {
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
   * Moves a projection where it stands, and ends a build of it. KEYS projection, epoch, emptiness; ARGV counts of add, set, include,
   * exclude, then their values. What cannot be added to is looked for first: a script is not undone.
   */
  apply: script(`
    ${SUM}
    local kind = redis.call('TYPE', KEYS[1]).ok
    if kind == 'none' then kind = redis.call('GET', KEYS[3]) or 'none' end
    redis.call('DEL', KEYS[2])
    if kind == 'none' then return 0 end
    local at, counts = 5, {tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])}
    local hash, set = counts[1] + counts[2] > 0, counts[3] + counts[4] > 0
    if (hash and kind ~= 'hash') or (set and kind ~= 'set') then
      return redis.error_reply('WRONGTYPE the projection is a ' .. kind)
    end
    for i = 0, counts[1] - 1 do
      local old = redis.call('HGET', KEYS[1], ARGV[5 + i * 2])
      if old and not string.match(old, '^[+-]?%d+%.?%d*$') then
        return redis.error_reply('WRONGTYPE a field that was to be added to is no number')
      end
    end
    local life = redis.call('PEXPIRETIME', KEYS[1])
    if life == -2 then life = redis.call('PEXPIRETIME', KEYS[3]) end
    for _ = 1, counts[1] do
      redis.call('HSET', KEYS[1], ARGV[at], sum(redis.call('HGET', KEYS[1], ARGV[at]) or '0', ARGV[at + 1]))
      at = at + 2
    end
    for _ = 1, counts[2] do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) at = at + 2 end
    for _ = 1, counts[3] do redis.call('SADD', KEYS[1], ARGV[at]) at = at + 1 end
    for _ = 1, counts[4] do redis.call('SREM', KEYS[1], ARGV[at]) at = at + 1 end
    local stands = redis.call('EXISTS', KEYS[1]) == 1
    if stands then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], kind) end
    if life > 0 then redis.call('PEXPIREAT', stands and KEYS[1] or KEYS[3], life) end
    return 1`),
  /** KEYS projection, epoch, emptiness; ARGV epoch, expiry or '', kind, values. */
  replace: script(`
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
    local kind, last = ARGV[3], #ARGV
    if kind == 'string' then redis.call('SET', KEYS[1], ARGV[4])
    elseif last == 3 then redis.call('SET', KEYS[3], kind)
    elseif kind == 'hash' then for i = 4, last, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
    elseif kind == 'set' then for i = 4, last do redis.call('SADD', KEYS[1], ARGV[i]) end
    else for i = 4, last, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end end
    if ARGV[2] ~= '' then
      redis.call('PEXPIREAT', KEYS[1], ARGV[2])
      redis.call('PEXPIREAT', KEYS[3], ARGV[2])
    end
    return 1`),
  /** KEYS projection, epoch, emptiness. */
  content: script(`
    local kind = redis.call('TYPE', KEYS[1]).ok
    if kind == 'none' then
      local empty = redis.call('GET', KEYS[3])
      return empty and {empty, {}}
    end
    if kind == 'string' then return {kind, redis.call('GET', KEYS[1])} end
    if kind == 'hash' then return {kind, redis.call('HGETALL', KEYS[1])} end
    if kind == 'set' then return {kind, redis.call('SMEMBERS', KEYS[1])} end
    return {kind, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}`),
  /** KEYS ranking, epoch, emptiness; ARGV onlyIfThere, keep or '', expiry or '', then score, id, … */
  rank: script(`
    local empty = redis.call('GET', KEYS[3]) == 'zset'
    redis.call('DEL', KEYS[2])
    if ARGV[1] == '1' and not empty and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    local life = empty and redis.call('PEXPIRETIME', KEYS[3]) or -1
    for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
    if ARGV[2] ~= '' then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2]) end
    local stands = redis.call('EXISTS', KEYS[1]) == 1
    if stands then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], 'zset') end
    if ARGV[3] ~= '' then life = tonumber(ARGV[3]) end
    if life > 0 then redis.call('PEXPIREAT', stands and KEYS[1] or KEYS[3], string.format('%.0f', life)) end
    return 1`),
  /** A ranking without members is still there. KEYS ranking, epoch, emptiness; ARGV ids. */
  unrank: script(`
    redis.call('DEL', KEYS[2])
    local life = redis.call('PEXPIRETIME', KEYS[1])
    if life == -2 then return 0 end
    for i = 1, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
    if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
    redis.call('SET', KEYS[3], 'zset')
    if life > 0 then redis.call('PEXPIREAT', KEYS[3], life) end
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
