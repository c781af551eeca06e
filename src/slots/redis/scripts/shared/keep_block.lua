-- Keeps the block of a business whose state is lost or being rebuilt, in fields k and K of rec_conf, for this run;
-- recover.lua applies it. Needs `found` and `until_ms` (0: none); ends the script.
if found[1] ~= ARGV[1] then
  local kept = tonumber(string.match(redis.call('HGET', KEYS[1], 'k') or '', '^' .. ARGV[1] .. ' (-?%d+)$'))
  if until_ms == 0 then
    redis.call('HDEL', KEYS[1], 'k', 'K')
  elseif not (kept and until_ms ~= -1 and (kept == -1 or until_ms < kept)) then
    redis.call('HSET', KEYS[1], 'k', ARGV[1] .. ' ' .. ARGV[3], 'K', ARGV[4])
    redis.call('EXPIRE', KEYS[1], 3600)
  end
  return {0, 0}
end
