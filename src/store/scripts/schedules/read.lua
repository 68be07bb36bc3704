-- Tells all schedules; or a single one with its workflow, whose timer is then put where it belongs: the sweep that found
-- it due, or the end of a run, has moved it.
read_control({ "next_due", "armed", "generation" })
local ids = request.schedule_id and { request.schedule_id } or schedule_ids()
local texts = {}
if #ids > 0 then
  for _, text in ipairs(redis.call("HMGET", schedules, unpack(ids))) do
    if text then
      table.insert(texts, text)
    end
  end
end
local workflow
if request.schedule_id and texts[1] then
  local schedule = cjson.decode(texts[1])
  workflow = redis.call("HGET", schedules, request.schedule_id .. ":workflow")
  if not schedule.next_at or schedule.next_at > now() then
    stand_schedule(schedule)
  end
elseif request.schedule_id then
  places[cron_member(request.schedule_id)] = false
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"schedules":['
  .. table.concat(texts, ",")
  .. "]"
  .. (workflow and ',"workflow":' .. workflow or "")
  .. "}")
