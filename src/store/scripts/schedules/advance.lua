-- The run of a time was made, or could not be: on to the next time. Only once for each.
read_control({ "next_due", "armed", "generation" })
local schedule = read_schedule(request.schedule_id)
if not schedule or schedule.firing ~= request.at then
  return answer_with('{"advanced":false}')
end
schedule.firing = nil
schedule.last_at = request.at
schedule.last_run = request.run_id or schedule.last_run
schedule.error = request.error
schedule.next_at = request.following
if request.error then
  tell_schedule("failed", schedule, request.at)
end
write_schedule(schedule)
stand_schedule(schedule)
return answer_with('{"advanced":true}')
