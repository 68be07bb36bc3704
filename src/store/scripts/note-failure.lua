-- Notes a callback that QStash gave up. Told twice, it counts once. The last few are kept.
local now = read_clock()
local new = redis.call("ZADD", failures, "NX", string.format("%.0f", now), failure)
if new == 1 then
  redis.call("ZREMRANGEBYRANK", failures, 0, -LIMITS.failed_callbacks_kept - 1)
  redis.call("HINCRBY", counts, "failed_callbacks", 1)
end
return '{"new":' .. (new == 1 and "true" or "false") .. "}"
