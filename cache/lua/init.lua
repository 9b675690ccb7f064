#!lua
-- INIT, where a lookup found no usable generation or a holder that may have run out.
-- KEYS: ctl   ARGV: fresh generation, fence_ms, stripe
-- Returns {what, generation, sequence, rid, ms to wait, started}: what = 1 a lease, 2 held (the row, or without a
-- generation the table), 3 in quarantine.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ctl, stripe, started = KEYS[1], ARGV[3], 0
local rid = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  .. '.' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if redis.call('HGET', ctl, 'rid') ~= rid then
  -- never seen, restarted, failed over or taken from a dump: what it says of holders is not known to be all
  redis.call('DEL', ctl)
  redis.call('HSET', ctl, 'rid', rid, 'q', string.format('%d', now + ARGV[2]))
  started = 1
end
local function left(held)
  local ms = 0
  for _, e in string.gmatch(held, '([^=;]+)=(%d+);') do
    if tonumber(e) - now > ms then ms = tonumber(e) - now end
  end
  return ms
end
local c = redis.call('HMGET', ctl, 'g', 'q', 'T', 'k' .. stripe)
if not c[1] then
  if c[2] then
    if tonumber(c[2]) > now then return {3, '', '', rid, tonumber(c[2]) - now, started} end
    redis.call('HDEL', ctl, 'q')
  end
  if c[3] then
    local ms = left(c[3])
    if ms > 0 then return {2, '', '', rid, ms, started} end
    redis.call('HDEL', ctl, 'T')
  end
  redis.call('HSET', ctl, 'g', ARGV[1])
  c[1] = ARGV[1]
end
if c[4] then
  local ms = left(c[4])
  if ms > 0 then return {2, c[1], '', rid, ms, started} end
  -- whoever notices that a hold ran out ends every lease that was given out meanwhile
  redis.call('HDEL', ctl, 'k' .. stripe)
  redis.call('HINCRBY', ctl, 's' .. stripe, 1)
end
return {1, c[1], redis.call('HGET', ctl, 's' .. stripe) or '0', rid, 0, started}
