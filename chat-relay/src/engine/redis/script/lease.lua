#!lua
-- Gives a machine its name, unless another that is called so has been heard of just now: each would take the other's
-- records for its own.
--
-- KEYS: the head
-- ARGV: the machine's name, its incarnation, its lease (the incarnation, and what tells a copy of it apart), how long
--       nothing may be heard of a machine (microseconds), up to where an empty engine is to be known as incomplete
-- Gives: 1, or who has the name; then the last id, and since when the stream is complete
local head = KEYS[1]
local name, node, lease = ARGV[1], ARGV[2], ARGV[3]
local limit, before = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local other = redis.call('HGET', head, 'lease ' .. name)
if other and other ~= lease then
  local tick = redis.call('HGET', head, 'tick ' .. string.match(other, '^[^/]*'))
  if tick and now - tonumber(tick) < limit then
    return { other, '0', '0' }
  end
end
if not redis.call('HGET', head, 'last') and not redis.call('HGET', head, 'since') and before > 0 then
  redis.call('HSET', head, 'since', string.format('%.0f', before))
end
redis.call('HSET', head, 'lease ' .. name, lease, 'tick ' .. node, string.format('%.0f', now))
return { '1', redis.call('HGET', head, 'last') or '0', redis.call('HGET', head, 'since') or '0' }
