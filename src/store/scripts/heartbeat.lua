-- Renews a lease and notes how far the work is.
local lease = request.lease
load({ lease.task_id, run_of(lease.task_id) })
local task = known[lease.task_id]
local fields = { "next_due", "armed", "generation" }
if task and task.lease then
  table.insert(fields, "agent:" .. task.lease.agent_id)
end
read_control(fields)
local worth, answer = examine(lease)
if worth == "late" then
  worth = what_bars(task) or worth
end
if worth ~= "live" and worth ~= "late" then
  return refusal_of(lease, worth, answer)
end
if worth == "late" then
  reclaim(task)
end

local function is_held_by(agent, other)
  local own = other.lease
  return own and not own.ended and own.agent_id == agent.agent_id and own.key_id == agent.key_id
end

-- An agent that holds other tasks too, as far as its last poll knew, hears what has become of them.
local function tell_of_others()
  local agent = { agent_id = task.lease.agent_id, key_id = task.lease.key_id }
  local name = "agent:" .. agent.agent_id
  local record = control_values[name] and cjson.decode(control_values[name])
  if not record or (#(record.holds or {}) < 2 and not record.stops) then
    return
  end
  agent.record = record
  load(record.holds or {})
  local held, names = {}, {}
  for _, id in ipairs(record.holds or {}) do
    local other = known[id]
    if other and is_held_by(agent, other) and doomed(other) then
      cancel_task(other)
    end
    if other and is_held_by(agent, other) then
      table.insert(held, other)
      table.insert(names, id)
    else
      note_stop(agent, other)
    end
  end
  tell_stops(agent, held)
  if agent.stops then
    record.holds = #names > 0 and names or nil
    write_control(name, cjson.encode(record))
  end
end

local progress, message = request.progress or task.progress, request.message or task.message
-- Nothing is told twice, so that a re-send leaves no trace.
if progress ~= task.progress or message ~= task.message then
  task.progress, task.message = progress, message
  add_fact({ type = "task.progress", task_id = task.task_id, attempt = task.attempt, progress = task.progress })
end
renew(task)
tell_holder(task)
tell_of_others()
flush()
local reply = cjson.encode({ now = now(), until_ms = task.lease.until_ms })
sweep(LIMITS.sweep_per_call)
return answer_with(with_notices(reply))
