#!lua
-- Lets the people of machines go that nothing has been heard of for too long: once, in order, whoever asks.
--
-- KEYS: the stream, the head, the members, the names, how many are in a room
-- ARGV: how long nothing may be heard of a machine (microseconds), the greatest id that the asker has written,
--       how long entries are kept (microseconds)
-- Gives the machines
local stream, head, members, names, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local limit, floor, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call('HGET', head, 'last') or '0')

local function text(number)
  return string.format('%.0f', number)
end

-- Somebody looks every few seconds. If nobody did for so long, the engine was away or its clock was set, and what has not
-- been heard since then is nobody's death: all are heard from now on.
local looked = tonumber(redis.call('HGET', head, 'looked') or text(now))
local is_blind = math.abs(now - looked) * 3 >= limit * 2
redis.call('HSET', head, 'looked', text(now))

local dead, list = {}, {}
local all = redis.call('HGETALL', head)
for at = 1, #all, 2 do
  local node = string.match(all[at], '^tick (.*)$')
  local heard = node and tonumber(all[at + 1])
  if node and (is_blind or heard > now) then
    -- By the time that is now: a clock that was set back would have them live for as long.
    redis.call('HSET', head, all[at], text(now))
  elseif node and now - heard >= limit then
    dead[node] = true
    list[#list + 1] = node
  end
end
if #list == 0 then
  return list
end

local function put(node, room, person, key, nick, holders)
  local id = math.max(now, last + 1, floor + 1)
  last = id
  local fields = { 'r', room, 'k', 'quit', 'f', nick, 'a', '', 't', '', 'm', person, 'y', key }
  if holders ~= '' then
    fields[#fields + 1] = 'h'
    fields[#fields + 1] = holders
    fields[#fields + 1] = 'q'
    fields[#fields + 1] = '1'
  else
    fields[#fields + 1] = 'o'
    fields[#fields + 1] = node .. '~reap.' .. text(id)
    redis.call('HSET', head, node .. '~reap', text(id))
  end
  local oldest = text(math.max(now - keep, 0))
  redis.call('XADD', stream, 'MINID', '~', oldest, text(id) .. '-0', unpack(fields))
end

local rows = redis.call('HGETALL', members)
for at = 1, #rows, 2 do
  local room, person = string.match(rows[at], '^([^%z]*)%z(.*)$')
  local holders, key, nick, rest = string.match(rows[at + 1], '^([^\t]*)\t([^\t]*)\t([^\t]*)(.*)$')
  local left, gone = {}, nil
  for holder in string.gmatch(holders, '%S+') do
    if dead[holder] then
      gone = holder
    else
      left[#left + 1] = holder
    end
  end
  if gone then
    local still = table.concat(left, ' ')
    if still ~= '' then
      redis.call('HSET', members, rows[at], still .. '\t' .. key .. '\t' .. nick .. rest)
    else
      redis.call('HDEL', members, rows[at])
      redis.call('HDEL', names, room .. '\0' .. key)
      if redis.call('HINCRBY', counts, room, -1) <= 0 then
        redis.call('HDEL', counts, room)
      end
    end
    put(gone, room, person, key, nick, still)
  end
end
for _, node in ipairs(list) do
  redis.call('HDEL', head, 'tick ' .. node, 'mends ' .. node, 'doubts ' .. node)
end
if last > 0 then
  redis.call('HSET', head, 'last', text(last))
end
return list
