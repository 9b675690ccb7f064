#!lua flags=allow-oom
-- HOLD, before the write is sent or committed. Idempotent for one token: the renewal too.
-- KEYS: ctl, row, row, …   ARGV: token, lease_ms, fence_ms, rid as the client knows it, 'T' or '', 'N' or '', stripe, stripe, …
-- Returns 1 where control state was lost or foreign and a quarantine was started, else 0.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ctl, tok = KEYS[1], ARGV[1]
local exp = string.format('%d', now + ARGV[2])
local function put(field)
  local held, out = redis.call('HGET', ctl, field), ''
  if held then
    for k, e in string.gmatch(held, '([^=;]+)=(%d+);') do
      if k ~= tok and tonumber(e) > now then out = out .. k .. '=' .. e .. ';' end
    end
  end
  redis.call('HSET', ctl, field, out .. tok .. '=' .. exp .. ';')
end
local started = 0
local rid = redis.call('HGET', ctl, 'rid')
if not rid or rid ~= ARGV[4] then
  local real = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    .. '.' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  if rid ~= real then
    redis.call('DEL', ctl)
    redis.call('HSET', ctl, 'rid', real, 'q', string.format('%d', now + ARGV[3]))
    started = 1
  end
end
if ARGV[5] == 'T' then
  redis.call('HDEL', ctl, 'g')
  put('T')
end
if ARGV[6] == 'N' then
  redis.call('HDEL', ctl, 'n')
  put('N')
end
for i = 7, #ARGV do
  redis.call('HINCRBY', ctl, 's' .. ARGV[i], 1)
  put('k' .. ARGV[i])
end
if #KEYS > 1 then redis.call('UNLINK', unpack(KEYS, 2)) end
return started
