#!lua
-- Gives a machine its name, unless another that is called so has been heard of just now: each would take the other's
-- records for its own.
--
-- KEYS: the head
-- ARGV: the machine's name, its incarnation, its lease (the incarnation, and what tells a copy of it apart), how long
--       nothing may be heard of a machine (microseconds), up to where an empty engine is to be known as incomplete,
--       the lease of what this machine was before it went down (empty: none)
-- Gives: 1, or who has the name; then the last id, and since when the stream is complete
local head = KEYS[1]
local name, node, lease = ARGV[1], ARGV[2], ARGV[3]
local limit, before, former = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local other = redis.call('HGET', head, 'lease ' .. name)
if other and other ~= lease then
  local field = 'tick ' .. string.match(other, '^[^/]*')
  local tick = redis.call('HGET', head, field)
  if tick and other == former then
    -- Nobody of then is here any more: they are let go with the next look.
    tick = '0'
    redis.call('HSET', head, field, tick)
  end
  -- One that is to come was heard by a clock that has been set back since: reap.lua puts it right.
  if tick and now - tonumber(tick) < limit then
    return { other, '0', '0' }
  end
end
if not redis.call('HGET', head, 'last') and not redis.call('HGET', head, 'since') and before > 0 then
  redis.call('HSET', head, 'since', string.format('%.0f', before), 'emptied', string.format('%.0f', now))
end
-- What was in doubt is known no more if it says nothing of it.
redis.call('HDEL', head, 'doubts ' .. node)
-- Until its first tick, before which it gives what was lost.
redis.call('HSET', head, 'lease ' .. name, lease, 'tick ' .. node, string.format('%.0f', now), 'mends ' .. node, '')
return { '1', redis.call('HGET', head, 'last') or '0', redis.call('HGET', head, 'since') or '0' }
