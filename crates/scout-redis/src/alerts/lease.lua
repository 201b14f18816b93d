#!lua flags=allow-oom
-- KEYS: lease, meta. ARGV: token, milliseconds, whether state is expected.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 or left > tonumber(ARGV[2]) then
    -- Somebody has made it last for longer, or the clock was set back: nobody would judge until then.
    redis.call('SET', KEYS[1], holder, 'PX', ARGV[2])
    left = tonumber(ARGV[2])
  end
  return {'other', left}
end
local has_state = redis.call('GET', KEYS[2])
if not holder and not has_state and ARGV[3] == 'state' then
  return {'lost', 0}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'held', has_state and 1 or 0}
