-- Forgets a schedule. Runs that it made stay.
read_control({ "next_due", "armed", "generation" })
local ids, kept = schedule_ids(), {}
for _, id in ipairs(ids) do
  if id ~= request.schedule_id then
    table.insert(kept, id)
  end
end
if #kept == #ids then
  return redis.call("GET", operation) or cjson.encode({ refused = "not_found", ids = { request.schedule_id } })
end
local reply = '{"removed":true}'
redis.call("SET", operation, reply, "EX", LIMITS.operation_id_seconds)
local schedule = read_schedule(request.schedule_id)
if schedule.idempotency_key then
  redis.call("HDEL", idempotency, schedule.idempotency_key)
end
redis.call("HDEL", schedules, request.schedule_id, request.schedule_id .. ":workflow")
write_ids(kept)
places[cron_member(request.schedule_id)] = false
return answer_with(reply)
