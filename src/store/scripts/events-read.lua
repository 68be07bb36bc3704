-- Reads the event log from an entry on, or says where it begins and ends, and notes until when somebody listens for more: only
-- then are changes announced. It is noted for twice as long as asked for, so that not every read writes.
if request.listen_ms then
  local now = read_clock()
  local until_ms = tonumber(redis.call("HGET", control, "listened") or "0")
  if until_ms < now + request.listen_ms then
    redis.call("HSET", control, "listened", string.format("%.0f", now + 2 * request.listen_ms))
  end
end
if not request.from then
  local newest = redis.call("XREVRANGE", events, "+", "-", "COUNT", 1)[1]
  local oldest = redis.call("XRANGE", events, "-", "+", "COUNT", 1)[1]
  return '{"oldest":"' .. (oldest and oldest[1] or "0-0") .. '","newest":"' .. (newest and newest[1] or "0-0") .. '"}'
end
local entries = {}
for i, one in ipairs(redis.call("XRANGE", events, request.from, "+", "COUNT", LIMITS.events_per_read)) do
  entries[i] = '{"id":"' .. one[1] .. '","facts":' .. one[2][2] .. "}"
end
return '{"entries":[' .. table.concat(entries, ",") .. "]}"
