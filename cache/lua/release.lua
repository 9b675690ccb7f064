#!lua flags=allow-oom
-- RELEASE, when the write is over. It wipes and bumps also where the hold is gone: an expired hold may have let a reader fill.
-- KEYS: ctl, row, row, …   ARGV: token, fresh generation, 'T' or '', 'N' or '', stripe, stripe, …
-- Returns 1 where everything was still held, else 0.
local ctl, tok, held = KEYS[1], ARGV[1], 1
if #KEYS > 1 then redis.call('UNLINK', unpack(KEYS, 2)) end
if redis.call('EXISTS', ctl) == 0 then return 0 end
local function drop(field)
  local h, out, mine = redis.call('HGET', ctl, field), '', false
  if h then
    for k, e in string.gmatch(h, '([^=;]+)=(%d+);') do
      if k == tok then mine = true else out = out .. k .. '=' .. e .. ';' end
    end
  end
  if not mine then held = 0 end
  if out == '' then redis.call('HDEL', ctl, field) else redis.call('HSET', ctl, field, out) end
  return out == ''
end
if ARGV[3] == 'T' then
  redis.call('HDEL', ctl, 'g')
  if drop('T') and redis.call('HEXISTS', ctl, 'rid') == 1 then
    local t = redis.call('TIME')
    if tonumber(redis.call('HGET', ctl, 'q') or 0) <= t[1] * 1000 + math.floor(t[2] / 1000) then
      redis.call('HDEL', ctl, 'q')
      redis.call('HSET', ctl, 'g', ARGV[2]) -- what INIT would do next
    end
  end
end
if ARGV[4] == 'N' then
  redis.call('HDEL', ctl, 'n')
  drop('N')
end
for i = 5, #ARGV do
  drop('k' .. ARGV[i])
  redis.call('HINCRBY', ctl, 's' .. ARGV[i], 1)
end
return held
