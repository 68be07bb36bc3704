-- Decides what becomes of a time that has come: its run is made by whoever is told to `go`, the time is skipped, or it
-- waits for the end of the run before. Whoever comes again meanwhile is told to make the same run.
read_control({ "next_due", "armed", "generation" })
local schedule = read_schedule(request.schedule_id)

local function answer(outcome, at)
  local time = at and ',"at":' .. string.format("%.0f", at) or ""
  return answer_with('{"outcome":"' .. outcome .. '"' .. time .. "}")
end

if not schedule then
  return answer("over")
elseif schedule.firing then
  return answer("go", schedule.firing)
elseif schedule.next_at ~= request.next_at then
  return answer("over")
end

local outcome = "go"
if not goes_on(schedule) then
  schedule.firing = request.at
  schedule.waiting = nil
elseif schedule.cron.on_overlap == "queue" then
  outcome = "waits"
  schedule.waiting = true
else
  outcome = "skipped"
  schedule.next_at = request.following
  schedule.skipped = (schedule.skipped or 0) + 1
  tell_schedule("skipped", schedule, request.at)
end
write_schedule(schedule)
stand_schedule(schedule)
return answer(outcome, outcome == "go" and schedule.firing or nil)
