-- Ends an attempt: completed, failed or released. Sent twice, it answers the same and acts once. With `agent` it also
-- hands out the next task.
local lease, submit = request.lease, request.submit
load({ lease.task_id, run_of(lease.task_id) })
read_control({ "next_due" })
local worth, answer = examine(lease)
local task = known[lease.task_id]

if worth == "lost" and submit.status == "completed" then
  keep_late(task, lease, submit)
  flush()
  return cjson.encode({ refused = "lost", status = task.status, attempt = task.attempt, kept = true })
elseif worth == "unknown" or worth == "lost" then
  return refusal_of(lease, worth)
end

if worth ~= "submitted" then
  if submit.status == "completed" then
    complete(task, submit)
  elseif submit.status == "failed" then
    fail(task, submit)
  else
    release(task)
  end
  answer = task.status
  task.attempts[#task.attempts].answer = answer
  save(task)
end

local next_tasks
local agent = request.agent
if agent then
  flush()
  agent.checks = request.checks
  agent.agent_id = (worth == "submitted" and past_attempt(task, lease) or task.lease).agent_id
  if not meet(agent) then
    next_tasks = serve(agent)
  end
end
flush()
sweep(LIMITS.sweep_per_call)
return '{"now":'
  .. string.format("%.0f", now())
  .. ',"status":'
  .. cjson.encode(answer)
  .. (next_tasks and ',"tasks":' .. next_tasks or "")
  .. "}"
