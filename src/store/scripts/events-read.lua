-- Reads the event log from an entry on, and notes until when somebody listens for more: only then are changes announced.
if request.listen_ms then
  local now = read_clock()
  local until_ms = tonumber(redis.call("HGET", control, "listened") or "0")
  if until_ms < now + request.listen_ms then
    redis.call("HSET", control, "listened", string.format("%.0f", now + request.listen_ms))
  end
end
local newest = redis.call("XREVRANGE", events, "+", "-", "COUNT", 1)[1]
local oldest = redis.call("XRANGE", events, "-", "+", "COUNT", 1)[1]
local entries = {}
for i, one in ipairs(request.from and redis.call("XRANGE", events, request.from, "+", "COUNT", LIMITS.events_per_read) or {}) do
  entries[i] = '{"id":"' .. one[1] .. '","facts":' .. one[2][2] .. "}"
end
return '{"oldest":"'
  .. (oldest and oldest[1] or "0-0")
  .. '","newest":"'
  .. (newest and newest[1] or "0-0")
  .. '","entries":['
  .. table.concat(entries, ",")
  .. "]}"
