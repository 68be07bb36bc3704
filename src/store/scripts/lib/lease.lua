-- What a lease is worth, and how it is renewed. Expiry only permits others to claim: until somebody does, the holder
-- of the lease that ran out may still go on.
-- Depends on: unit, breaker, runs, moves, locks.

local function past_attempt(task, lease)
  for _, attempt in ipairs(task.attempts or {}) do
    if attempt.attempt == lease.attempt and attempt.check == lease.check and attempt.key_id == lease.key_id then
      return attempt
    end
  end
end

-- Returns one of
--   "unknown"             no such lease, or it is not this key's
--   "live"                held
--   "late"                ran out, and nobody has taken the task or a lock of it since
--   "submitted", answer   ended by its own submit, which was answered with that status
--   "lost"                ran out, and the task went on without it
--   "cancelled"           ended because the task was cancelled, or ends because its run is being cancelled
--   "instance_replaced"   ended because another process took over as that agent
local function examine(lease)
  local task = known[lease.task_id]
  local current = task and task.lease
  -- A task that is being removed keeps no late result: its blobs have been named already.
  if not current or task.retiring then
    return "unknown"
  end
  if task.attempt == lease.attempt then
    if current.check ~= lease.check or current.key_id ~= lease.key_id then
      return "unknown"
    end
    local late = (current.ended == "expired" or current.ended == "timed_out")
      and (task.status == "ready" or task.status == "scheduled")
      and slots.still_covered(task)
    if not current.ended or late then
      return doomed(task) and "cancelled" or late and "late" or "live"
    end
  end
  local past = past_attempt(task, lease)
  if not past then
    return "unknown"
  elseif past.outcome == "voided" and task.status == "cancelled" then
    return "cancelled"
  elseif past.outcome == "replaced" then
    return "instance_replaced"
  elseif past.outcome == "expired" or past.outcome == "timed_out" or past.outcome == "voided" then
    return "lost"
  end
  return "submitted", past.answer
end

-- What the caller reads whose lease is not worth anything.
local function refusal_of(lease, worth, answer)
  local task = known[lease.task_id] or nil
  local status = worth == "cancelled" and worth or task and task.status
  return cjson.encode({ refused = worth, answer = answer, status = status, attempt = task and task.attempt })
end

-- Extends a live lease, never shortens it, and never past the longest time that one attempt may run. It is a sign of
-- life, but not by a poll that may claim: that one may be the re-send of the poll that claimed this very lease.
local function renew(task, by_claiming_poll)
  if not by_claiming_poll then
    task.lease.alive = true
    pass_probe(task)
  end
  local extended = math.min(now() + task.lease.seconds * 1000, last_moment(task))
  if extended > task.lease.until_ms then
    task.lease.until_ms = extended
    stand_timer(member_of(task.task_id), extended)
  end
  save(task)
end

-- Puts a task on the list of what its agent holds, so that its next poll gives it again. The agent is back.
local function note_held(task)
  local name = "agent:" .. task.lease.agent_id
  read_control({ name })
  local agent = control_values[name] and cjson.decode(control_values[name])
  if not agent then
    return
  end
  local listed = false
  agent.holds = agent.holds or {}
  for _, id in ipairs(agent.holds) do
    listed = listed or id == task.task_id
  end
  if listed and not agent.offline then
    return
  elseif not listed then
    table.insert(agent.holds, task.task_id)
  end
  if agent.offline then
    agent.offline = nil
    add_fact({ type = "agent.online", agent_id = agent.agent_id, agent_type = agent.agent_type })
  end
  write_control(name, cjson.encode(agent))
end

-- Takes a task back under a lease that ran out. The attempt goes on: its end is struck from the history.
local function reclaim(task)
  add_fact({ type = "task.claimed", task_id = task.task_id, attempt = task.attempt, agent_id = task.lease.agent_id, again = true })
  move(task, "reclaim")
  task.lease.ended = nil
  task.lease.probe = nil
  task.lease.alive = true
  task.lost = nil
  table.remove(task.attempts)
  if #task.attempts == 0 then
    task.attempts = nil
  end
  task.lease.until_ms = math.min(now() + task.lease.seconds * 1000, last_moment(task))
  stand_timer(member_of(task.task_id), task.lease.until_ms)
  note_held(task)
end

-- Why a task cannot be taken back under its late lease, if so: its attempt is over, or its place went to another.
local function what_bars(task)
  if last_moment(task) <= now() then
    return "over"
  end
  return slots.needed(task) and slots.blocking(task, true) and "full" or nil
end

-- Renews the lease that came along with another call, if it still can be; says what the lease was worth.
local function renew_by(lease)
  local worth, answer = examine(lease)
  local task = known[lease.task_id]
  if worth == "live" then
    renew(task)
  elseif worth == "late" then
    worth = what_bars(task) or "live"
    if worth == "live" then
      reclaim(task)
    end
  end
  return worth, answer
end
