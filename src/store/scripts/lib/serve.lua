-- Serves an agent that polls: what it still holds first, then what it claims; and notes what it holds from then on.
-- Depends on: unit, flush, waiters, runs, failure, cancel, sweep, lease, notices, claim.

-- What the agent still holds, by its own list, which is only a hint: the records decide. A new instance ends what the
-- one before it held.
local function still_held(agent)
  local names = {}
  for _, id in ipairs(agent.record.holds or {}) do
    -- What this call has ended is known already, and its text is not wanted.
    if not known[id] or known[id].status == "running" then
      table.insert(names, run_of(id))
      table.insert(names, id)
      table.insert(names, id .. ":payload")
    end
  end
  load(names)
  local held, given_up = {}, false
  for _, id in ipairs(agent.record.holds or {}) do
    local task = known[id]
    local lease = task and task.lease
    local its_own = lease and not lease.ended and lease.agent_id == agent.agent_id and lease.key_id == agent.key_id
    if its_own and doomed(task) then
      cancel_task(task)
    elseif its_own and agent.takes_over then
      lose(task, "replaced")
    elseif its_own and overdue(task) then
      miss(task, "deadline")
    elseif its_own then
      renew(task, agent.max_tasks > 0)
      -- Past the longest time of an attempt nothing renews it.
      expire(task)
    end
    if its_own and task.status == "running" then
      tell_holder(task)
      table.insert(held, task)
    else
      given_up = given_up or its_own
      note_stop(agent, task)
    end
  end
  if given_up then
    -- The claim that follows looks at the line as it is stored.
    flush()
  end
  return held
end

-- Notes that the type is polled for. Names are free text: of too many, the one that was polled for longest ago goes.
local function note_type(agent_type, seen)
  local types = cjson.decode(control_values.types or "{}")
  if (types[agent_type] or 0) >= seen - LIMITS.types_noted_ms then
    return
  end
  types[agent_type] = seen
  local count, oldest = 0, agent_type
  for name, polled in pairs(types) do
    count = count + 1
    if polled < types[oldest] or (polled == types[oldest] and name < oldest) then
      oldest = name
    end
  end
  if count > LIMITS.types_kept then
    types[oldest] = nil
  end
  write_control("types", cjson.encode(types))
end

local function note_agent(agent, tasks)
  local record = agent.record
  -- An empty list cannot be told from an empty object here.
  record.capabilities = #(agent.capabilities or {}) > 0 and agent.capabilities or nil
  record.seen = now()
  record.first_seen = record.first_seen or record.seen
  note_waiting(agent, tasks)
  record.agent_type = agent.agent_type
  record.holds = nil
  for _, task in ipairs(tasks) do
    record.holds = record.holds or {}
    table.insert(record.holds, task.task_id)
  end
  tell_stops(agent, tasks)
  write_control("agent:" .. agent.agent_id, cjson.encode(record))
  note_type(agent.agent_type, record.seen)
  if agent.max_tasks > 0 and record.waits_until then
    local watched = tonumber(control_values["watch:" .. agent.agent_type] or "0") or 0
    write_control("watch:" .. agent.agent_type, string.format("%.0f", math.max(watched, record.seen + agent.wait_ms)))
  end
end

-- One task of a reply: its record, and beside it the text that was never decoded. With a review goes the record of the
-- task that it reviews, which says where its texts are.
local function handed(task, held)
  local payload = raw[task.task_id .. ":payload"]
  local reviewed = ""
  if task.reviews then
    load({ task.reviews })
    reviewed = ',"reviewed":' .. cjson.encode(known[task.reviews])
  end
  return '{"record":' .. cjson.encode(task) .. reviewed .. (payload and ',"payload":' .. payload or "") .. (held and ',"held":true' or "") .. "}"
end

-- Gives the agent up to `max_tasks`, held ones included, and returns them as JSON text.
local function serve(agent)
  local tasks = still_held(agent)
  local parts = {}
  for i, task in ipairs(tasks) do
    parts[i] = handed(task, true)
  end
  local room = agent.max_tasks - #tasks
  local claimed = claim(agent, room)
  if #claimed < room and sweep(LIMITS.sweep_per_call) > 0 then
    for _, task in ipairs(claim(agent, room - #claimed)) do
      table.insert(claimed, task)
    end
  end
  for _, task in ipairs(claimed) do
    table.insert(tasks, task)
    table.insert(parts, handed(task, false))
  end
  note_agent(agent, tasks)
  flush()
  sweep(LIMITS.sweep_per_call)
  return "[" .. table.concat(parts, ",") .. "]"
end

-- When there may be work that nobody announces: the project's next deadline, when a task stops being kept for others, or
-- at once where the agent has not seen all that is there.
local function look_again_at(agent)
  if agent.unfinished then
    return string.format("%.0f", now())
  end
  local due = tonumber(control_values.next_due or "0") or 0
  local at = agent.look_at and (due == 0 or agent.look_at < due) and agent.look_at or due
  return string.format("%.0f", at)
end
