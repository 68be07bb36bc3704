-- How far behind the timers are, without touching anything.
local values = redis.call("HMGET", control, "next_due", "armed", "generation", "sent")
local next_due, armed = tonumber(values[1] or "0"), tonumber(values[2] or "0")
local now = read_clock()
local overdue = 0
if next_due > 0 and next_due < now then
  -- `next_due` may be earlier than the earliest timer: a renewed lease leaves it behind.
  local first = redis.call("ZRANGE", line, 0, 0, "WITHSCORES")
  local score = tonumber(first[2] or "0")
  overdue = score < 0 and math.max(0, now - score - LINE.timer_offset) or 0
end
return cjson.encode({
  overdue_ms = overdue,
  tick_late_ms = armed > 0 and math.max(0, now - armed) or 0,
  tick_unsent = armed > 0 and (values[4] or "0") ~= (values[3] or "0"),
})
