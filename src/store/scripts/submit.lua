-- Ends an attempt: completed, failed, released, or given back to wait for children or an answer. Sent twice, it answers
-- the same and acts once. Where the result must be checked first, it says how and does nothing else. With `agent` it also
-- hands out the next task.
local lease, submit = request.lease, request.submit
load({ lease.task_id, run_of(lease.task_id) })
local task = known[lease.task_id]
local fields = { "next_due", "armed", "generation" }
if task and task.lease then
  for _, name in ipairs({ breaker_names(task.agent_type, task.lease.agent_id) }) do
    table.insert(fields, name)
  end
end
read_control(fields)
local worth, answer = examine(lease)
if worth == "cancelled" and not TERMINAL[task.status] then
  cancel_task(task)
end

local ended = worth == "lost" or worth == "cancelled" or worth == "instance_replaced"
if ended and submit.status == "completed" then
  keep_late(task, lease, submit)
  flush()
  return answer_with(cjson.encode({ refused = worth, status = task.status, attempt = task.attempt, kept = true }))
elseif worth == "unknown" or ended then
  return answer_with(refusal_of(lease, worth))
end

local refusal = worth ~= "submitted" and unfit(task, submit)
if refusal then
  refusal.held = not renew_along(lease)
  flush()
  sweep(LIMITS.sweep_per_call)
  return answer_with(with_notices(cjson.encode(refusal)))
end
local check = worth ~= "submitted" and to_check(task, submit)
if check then
  return check
end

-- The first outcome stands, but no finished work is thrown away.
local kept = worth == "submitted"
  and submit.status == "completed"
  and past_attempt(task, lease).outcome ~= "completed"
local reviewed
if kept then
  keep_late(task, lease, submit)
elseif worth ~= "submitted" then
  if submit.status == "completed" then
    reviewed = complete(task, submit)
  elseif submit.status == "failed" then
    fail(task, submit)
  elseif submit.status == "needs_input" then
    ask(task, submit)
  elseif submit.status == "waiting" then
    wait_for_children(task)
  else
    release(task)
  end
  answer = task.status
  task.attempts[#task.attempts].answer = answer
  add_usage(task, submit.usage)
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
return answer_with(with_notices('{"now":'
  .. string.format("%.0f", now())
  .. ',"status":'
  .. cjson.encode(answer)
  .. (kept and ',"kept":true' or "")
  .. (reviewed and ',"reviewed":' .. cjson.encode(reviewed) or "")
  .. (next_tasks and ',"tasks":' .. next_tasks or "")
  .. "}"))
