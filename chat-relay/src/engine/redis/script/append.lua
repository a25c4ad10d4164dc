#!lua
-- Puts submissions of one machine in order: each is judged, gets its id, is appended to the stream and remembered,
-- or nothing of it happens. All of a batch, or with an error none of it (without a flag Redis does not begin a script
-- while its memory is full).
--
-- KEYS: the stream, the head, the members, the names, how many are in a room
-- ARGV: the keys' prefix, the machine's incarnation, its name, its lease, the greatest id that it has written (0: none),
--       how long entries are kept (microseconds); then for each submission:
--       number (0: none), again, quiet, room, kind, from, attributes, text, scope and msgid, person, key, limit,
--       the id that it has in a log already (microseconds; 0: none)
-- Gives for each: ok ID, held ID, left ID, seen, dup ID, taken, full, nomember, reaped ID
local stream, head, members, names, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local prefix, node, name, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local floor, keep = tonumber(ARGV[5]), tonumber(ARGV[6])
local FIRST, FIELDS = 7, 13
-- What was lost keeps its id if it is no older than this and nothing stands behind it: all read again what is a minute
-- older than the last that they have, so nobody has gone by.
local YOUNG = 10000000
-- A msgid is known for this hour and the two before, by the ids: a clock that was wrong and is set back does not make
-- anything unknown.
local HOUR, WINDOW = 3600000000, 2

if redis.call('HGET', head, 'lease ' .. name) ~= lease then
  return redis.error_reply('LEASE ' .. (redis.call('HGET', head, 'lease ' .. name) or 'nobody'))
end

local function text(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call('HGET', head, 'last') or '0')
local taken = tonumber(redis.call('HGET', head, node) or '0')
local hour = math.floor(math.max(now, last + 1, floor + 1) / HOUR)

-- Appends to the stream; gives the id.
local function put(entry, quiet, holders)
  local id
  if entry.at > 0 and entry.at > now - YOUNG then
    id = math.max(entry.at, last + 1)
  else
    id = math.max(now, last + 1, floor + 1)
  end
  last = id
  local fields = { 'r', entry.room, 'k', entry.kind, 'f', entry.from, 'a', entry.attrs, 't', entry.text }
  local function field(key, value)
    if value ~= '' then
      fields[#fields + 1] = key
      fields[#fields + 1] = value
    end
  end
  if entry.at > 0 and entry.at ~= id then
    field('w', text(entry.at))
  end
  if entry.number > 0 then
    field('o', node .. '.' .. text(entry.number))
  end
  if holders then
    field('m', entry.person)
    field('y', entry.key)
    field('h', holders)
  end
  field('q', quiet and '1' or '')
  local oldest = text(math.max(now - keep, 0))
  redis.call('XADD', stream, 'MINID', '~', oldest, text(id) .. '-0', unpack(fields))
  return text(id)
end

-- A member's row: who holds it, key, name, color, id of the join.
local function row_of(entry)
  local value = redis.call('HGET', members, entry.room .. '\0' .. entry.person)
  if not value then
    return nil
  end
  local holders, key, nick, color, id = string.match(value, '^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$')
  return { holders = holders, key = key, nick = nick, color = color, id = id }
end

local function set_row(entry, row)
  local value = table.concat({ row.holders, row.key, row.nick, row.color, row.id }, '\t')
  redis.call('HSET', members, entry.room .. '\0' .. entry.person, value)
end

-- The holders without this machine, and whether it was one.
local function without_us(holders)
  local others, found = {}, false
  for holder in string.gmatch(holders, '%S+') do
    if holder == node then
      found = true
    else
      others[#others + 1] = holder
    end
  end
  return table.concat(others, ' '), found
end

local function color_of(attrs)
  return string.match(';' .. attrs, ';color=([^;\t]*)') or ''
end

local function join(entry)
  local row = row_of(entry)
  if row then
    local _, ours = without_us(row.holders)
    if not ours then
      row.holders = row.holders .. ' ' .. node
      set_row(entry, row)
      entry.key, entry.from = row.key, row.nick
      put(entry, true, row.holders)
    end
    return 'held ' .. row.id
  end
  local place = entry.room .. '\0' .. entry.key
  local owner = redis.call('HGET', names, place)
  if owner and owner ~= entry.person then
    -- Once acked it is in logs: it is told again, and claims nothing.
    return entry.again and 'ok ' .. put(entry, entry.quiet) or 'taken'
  end
  local count = tonumber(redis.call('HGET', counts, entry.room) or '0')
  if entry.limit > 0 and count >= entry.limit and not entry.again then
    return 'full'
  end
  redis.call('HSET', names, place, entry.person)
  redis.call('HINCRBY', counts, entry.room, 1)
  local id = put(entry, entry.quiet, node)
  set_row(entry, { holders = node, key = entry.key, nick = entry.from, color = color_of(entry.attrs), id = id })
  return 'ok ' .. id
end

local function quit(entry)
  local row = row_of(entry)
  local others, ours
  if row then
    others, ours = without_us(row.holders)
  end
  if not ours then
    return entry.again and 'ok ' .. put(entry, entry.quiet) or 'nomember'
  end
  entry.key = row.key
  if others ~= '' then
    row.holders = others
    set_row(entry, row)
    return 'left ' .. put(entry, true, others)
  end
  redis.call('HDEL', members, entry.room .. '\0' .. entry.person)
  redis.call('HDEL', names, entry.room .. '\0' .. row.key)
  if redis.call('HINCRBY', counts, entry.room, -1) <= 0 then
    redis.call('HDEL', counts, entry.room)
  end
  return 'ok ' .. put(entry, entry.quiet, '')
end

-- What only a member may do.
local function act(entry)
  local row = row_of(entry)
  local ours = false
  if row then
    local _
    _, ours = without_us(row.holders)
  end
  if not ours then
    return entry.again and 'ok ' .. put(entry, entry.quiet) or 'nomember'
  end
  if entry.kind == 'nick' then
    local place = entry.room .. '\0' .. entry.key
    local owner = redis.call('HGET', names, place)
    if owner and owner ~= entry.person then
      return entry.again and 'ok ' .. put(entry, entry.quiet) or 'taken'
    end
    redis.call('HDEL', names, entry.room .. '\0' .. row.key)
    redis.call('HSET', names, place, entry.person)
    row.key, row.nick = entry.key, entry.text
    set_row(entry, row)
  elseif entry.kind == 'color' then
    row.color = color_of(entry.attrs)
    set_row(entry, row)
    entry.key = row.key
  else
    return 'ok ' .. put(entry, entry.quiet)
  end
  return 'ok ' .. put(entry, entry.quiet, row.holders)
end

local function judge(entry)
  if entry.number > 0 then
    if taken >= entry.number then
      return 'seen'
    end
    taken = entry.number
  end
  local digest
  if entry.scope ~= '' then
    digest = redis.sha1hex(entry.room .. '\0' .. entry.kind .. '\0' .. entry.scope)
    for back = 0, WINDOW do
      local id = redis.call('HGET', prefix .. 'd:' .. text(hour - back), digest)
      if id then
        return 'dup ' .. id
      end
    end
  end
  local verdict
  if entry.kind == 'tick' then
    -- A lease has put it there: whose it is no more was taken for dead, and its people have left.
    local is_reaped = redis.call('HSET', head, 'tick ' .. node, text(now)) == 1
    redis.call('HDEL', head, 'mends ' .. node)
    verdict = (is_reaped and 'reaped ' or 'ok ') .. put(entry, true)
  elseif entry.person == '' then
    verdict = 'ok ' .. put(entry, entry.quiet)
  elseif entry.kind == 'join' then
    verdict = join(entry)
  elseif entry.kind == 'quit' then
    verdict = quit(entry)
  else
    verdict = act(entry)
  end
  local id = string.match(verdict, '^ok (%d+)$')
  if digest and id then
    local window = prefix .. 'd:' .. text(hour)
    redis.call('HSET', window, digest, id)
    -- An hour more than that: this goes by the clock. Twice an hour is enough, and what is said costs no write more.
    if redis.call('TTL', window) < WINDOW * 3600 + 5400 then
      redis.call('EXPIRE', window, (WINDOW + 2) * 3600)
    end
  end
  return verdict
end

local verdicts = {}
for at = FIRST, #ARGV, FIELDS do
  verdicts[#verdicts + 1] = judge({
    number = tonumber(ARGV[at]),
    again = ARGV[at + 1] == '1',
    quiet = ARGV[at + 2] == '1',
    room = ARGV[at + 3],
    kind = ARGV[at + 4],
    from = ARGV[at + 5],
    attrs = ARGV[at + 6],
    text = ARGV[at + 7],
    scope = ARGV[at + 8],
    person = ARGV[at + 9],
    key = ARGV[at + 10],
    limit = tonumber(ARGV[at + 11]),
    at = tonumber(ARGV[at + 12]),
  })
end
local known = {}
if last > 0 then
  known = { 'last', text(last) }
end
if taken > 0 then
  known[#known + 1] = node
  known[#known + 1] = text(taken)
end
if #known > 0 then
  redis.call('HSET', head, unpack(known))
end
return verdicts
