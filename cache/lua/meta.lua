#!lua
-- META: makes the namespace's record, adds tables to it, proves that the server takes writes, and says which server it is.
-- Without allow-oom on purpose: a server that is out of memory must not pass for one that can be written.
-- KEYS: meta   ARGV: version, buckets, lease_ms, fresh id, fresh epoch, '1' to bump the epoch, table, table, …
-- Returns {rid, version, buckets, lease, id, epoch, age_ms}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local meta = KEYS[1]
local rid = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  .. '.' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local m = redis.call('HMGET', meta, 'v', 'buckets', 'lease', 'id', 'epoch', 'born')
if not (m[1] and m[2] and m[3] and m[4] and m[5] and m[6]) and not (m[1] and m[1] ~= ARGV[1]) then
  -- A new record has a random epoch: to every process that knew the lost one, the epoch has changed.
  redis.call('DEL', meta)
  m = {ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], string.format('%d', now)}
  redis.call('HSET', meta, 'v', m[1], 'buckets', m[2], 'lease', m[3], 'id', m[4], 'epoch', m[5], 'born', m[6])
end
if m[1] ~= ARGV[1] then return {rid, m[1], '', '', '', '', 0} end
redis.call('HSET', meta, 'at', string.format('%d', now))
if ARGV[6] == '1' then
  redis.call('HINCRBY', meta, 'epoch', 1)
  m[5] = redis.call('HGET', meta, 'epoch') -- as text: a Lua number would lose digits
end
for i = 7, #ARGV do redis.call('HSET', meta, 't:' .. ARGV[i], '1') end
return {rid, m[1], m[2], m[3], m[4], m[5], now - tonumber(m[6])}
