#!lua
-- FILL is refused if anything that may have changed the row was held since the lease was read, or is held now.
-- KEYS: ctl, row   ARGV: generation, sequence, stripe, ttl_ms, fingerprint, entry
-- Returns 1 kept, 0 refused: the lease is void, -1 refused: held, -2 refused: a hold had run out.
local c = redis.call('HMGET', KEYS[1], 'g', 's' .. ARGV[3], 'k' .. ARGV[3], 'T')
if c[1] ~= ARGV[1] or (c[2] or '0') ~= ARGV[2] or c[4] then return 0 end
if c[3] then
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  for _, e in string.gmatch(c[3], '([^=;]+)=(%d+);') do
    if tonumber(e) > now then return -1 end
  end
  redis.call('HDEL', KEYS[1], 'k' .. ARGV[3])
  redis.call('HINCRBY', KEYS[1], 's' .. ARGV[3], 1)
  return -2
end
if redis.call('HGET', KEYS[2], 'g') ~= ARGV[1] then
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[2], 'g', ARGV[1], ARGV[5], ARGV[6])
else
  redis.call('HSET', KEYS[2], ARGV[5], ARGV[6])
end
-- LT: a second result under the same row must not lengthen the life of the first.
redis.call('PEXPIRE', KEYS[2], ARGV[4], 'LT')
return 1
