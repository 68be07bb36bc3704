-- Keeps a workflow that is to be created by the calendar. Sent twice, it is kept once.
read_control({ "next_due", "armed", "generation" })
local before, conflict = made_before()
if before or conflict then
  return conflict or before.reply
end
local earlier = redis.call("GET", operation)
if earlier then
  return earlier
end
local ids = schedule_ids()
if #ids >= LIMITS.schedules then
  return cjson.encode({ refused = "limit", limit = LIMITS.schedules, what = "schedules" })
end

local schedule = request.schedule
local number = (tonumber(redis.call("HGET", schedules, "seq") or "0") or 0) + 1
schedule.schedule_id = "s" .. number
schedule.created_at = now()
schedule.idempotency_key = request.idempotency_key
local reply = '{"now":' .. string.format("%.0f", now()) .. ',"schedule":' .. cjson.encode(schedule) .. "}"
table.insert(ids, schedule.schedule_id)
write_ids(ids)
redis.call("HSET", schedules, "seq", number, schedule.schedule_id .. ":workflow", workflow)
write_schedule(schedule)
stand_schedule(schedule)
flush()
redis.call("SET", operation, reply, "EX", LIMITS.operation_id_seconds)
if request.idempotency_key then
  redis.call("HSET", idempotency, request.idempotency_key, cjson.encode({ fingerprint = request.fingerprint, reply = reply }))
end
return answer_with(reply)
