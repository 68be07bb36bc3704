-- Renews a lease and notes how far the work is.
local lease = request.lease
load({ lease.task_id, run_of(lease.task_id) })
read_control({ "next_due", "armed", "generation" })
local worth, answer = examine(lease)
local task = known[lease.task_id]
if worth == "late" then
  worth = what_bars(task) or worth
end
if worth ~= "live" and worth ~= "late" then
  return refusal_of(lease, worth, answer)
end
if worth == "late" then
  reclaim(task)
end
local progress, message = request.progress or task.progress, request.message or task.message
-- Nothing is told twice, so that a re-send leaves no trace.
if progress ~= task.progress or message ~= task.message then
  task.progress, task.message = progress, message
  add_fact({ type = "task.progress", task_id = task.task_id, attempt = task.attempt, progress = task.progress })
end
renew(task)
tell_holder(task)
flush()
local reply = cjson.encode({ now = now(), until_ms = task.lease.until_ms })
sweep(LIMITS.sweep_per_call)
return answer_with(with_notices(reply))
