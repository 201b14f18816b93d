#!lua flags=allow-oom
-- KEYS: lease, meta, list of records, each record that is put, each that is removed.
-- ARGV: token, meta, number of records that are put, fingerprint and text of each, fingerprint of each that is removed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'fenced', 0}
end
-- Redis undoes nothing when a script fails half-way, so what can be refused is looked at first.
for _, command in ipairs({{'SET', KEYS[2], 'x'}, {'DEL', KEYS[2]}, {'SADD', KEYS[3], 'x'}, {'SREM', KEYS[3], 'x'}}) do
  if not redis.acl_check_cmd(unpack(command)) then
    return redis.error_reply("NOPERM the user has no permissions to run the '" .. string.lower(command[1]) .. "' command")
  end
end
local puts = tonumber(ARGV[3])
-- And so comes the list before the rest: it alone can be a key of another type.
for at = 1, puts do
  redis.call('SADD', KEYS[3], ARGV[2 + 2 * at])
end
for at = 4 + 2 * puts, #ARGV do
  redis.call('SREM', KEYS[3], ARGV[at])
end
for at = 1, puts do
  redis.call('SET', KEYS[3 + at], ARGV[3 + 2 * at])
end
for at = 4 + puts, #KEYS do
  redis.call('DEL', KEYS[at])
end
redis.call('SET', KEYS[2], ARGV[2])
return {'written', 0}
