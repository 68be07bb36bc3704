-- What workers are told beside what they asked for: facts, of which the Worker makes sentences. A reply may be lost, so
-- each is told again for a while.
-- Depends on: unit, flush, moves, lease.

local tell_holder, note_stop, tell_stops, show_messages, with_notices
do
  local notices = {}

  local function tell(notice)
    table.insert(notices, notice)
  end

  local function tell_messages(task)
    for _, message in ipairs(task.messages or {}) do
      if not message.shown_at or now() < message.shown_at + LIMITS.notices_repeated_ms then
        tell({ kind = "message", task_id = task.task_id, text = message.text })
        message.shown_at = message.shown_at or now()
      end
    end
  end

  -- The lease can no longer be renewed for its whole length.
  local function tell_end(task)
    local lease, last, why = task.lease, last_moment(task), "max_run"
    if task.deadline and task.deadline < last then
      last, why = task.deadline, "deadline"
    end
    if last - now() < lease.seconds * 1000 then
      tell({ kind = "ending", task_id = task.task_id, left_ms = last - now(), why = why })
    end
  end

  -- For the worker that holds the task and has just called with its lease, which was renewed: the task is saved already.
  tell_holder = function(task)
    tell_messages(task)
    tell_end(task)
  end

  -- Whoever gets the task is shown all its messages with it.
  show_messages = function(task)
    for _, message in ipairs(task.messages or {}) do
      message.shown_at = now()
    end
  end

  -- Ends of an attempt of which its worker does not know.
  local unknown_ends = { expired = true, timed_out = true, voided = true }

  -- Notes a task that the agent held when it last polled, and holds no longer.
  note_stop = function(agent, task)
    local last
    for _, attempt in ipairs(task and task.attempts or {}) do
      if attempt.agent_id == agent.agent_id and attempt.key_id == agent.key_id then
        last = attempt
      end
    end
    if last and unknown_ends[last.outcome] then
      agent.stops = agent.stops or {}
      table.insert(agent.stops, { task_id = task.task_id, status = task.status })
    end
  end

  -- It was told so long ago that this is no re-send of the same call: no reason to hurry again.
  local function was_told(stop)
    return now() >= stop.until_ms - LIMITS.notices_repeated_ms + LIMITS.notices_new_ms
  end

  -- Tells the agent which tasks went on without it, and remembers in its record that it was told.
  tell_stops = function(agent, tasks)
    local record = agent.record
    local stops, known_of = {}, {}
    for _, task in ipairs(tasks) do
      known_of[task.task_id] = true
    end
    -- A new process knows nothing of what the one before it held.
    for _, stop in ipairs(agent.takes_over and {} or agent.stops or {}) do
      if not known_of[stop.task_id] then
        known_of[stop.task_id] = true
        tell({ kind = "stop", task_id = stop.task_id, status = stop.status })
        stop.until_ms = now() + LIMITS.notices_repeated_ms
        table.insert(stops, stop)
      end
    end
    for _, stop in ipairs(agent.takes_over and {} or record.stops or {}) do
      if stop.until_ms > now() and not known_of[stop.task_id] and #stops < LIMITS.stops_kept then
        tell({ kind = "stop", task_id = stop.task_id, status = stop.status, again = was_told(stop) or nil })
        table.insert(stops, stop)
      end
    end
    while #stops > LIMITS.stops_kept do
      table.remove(stops)
    end
    record.stops = #stops > 0 and stops or nil
  end

  -- A reply, which is a JSON object with at least one field, with the notices of this call.
  with_notices = function(reply)
    if #notices == 0 then
      return reply
    end
    return string.sub(reply, 1, -2) .. ',"notices":' .. cjson.encode(notices) .. "}"
  end
end

-- Renews the lease that came along, and tells its holder what there is to tell; returns a refusal where it is no longer
-- worth anything.
local function renew_along(lease)
  if not lease then
    return nil
  end
  load({ lease.task_id, run_of(lease.task_id) })
  local worth, answer = renew_by(lease)
  if worth ~= "live" then
    return refusal_of(lease, worth, answer)
  end
  tell_holder(known[lease.task_id])
end

-- A reply that changes nothing but the lease, and what its holder knows.
local function tell_along(lease, text)
  renew_along(lease)
  return answer_with(with_notices(text))
end
