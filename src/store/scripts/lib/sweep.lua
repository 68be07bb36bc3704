-- Handles a few due items: leases that ran out, start times that came, edges that wait. Every call does a little of
-- it, so that no process has to watch the clock.
-- Depends on: unit, flush, breaker, runs, moves, parking, edges, failure, cancel, children, activation;
-- keys state and state_names.

-- The lease may have been renewed, or ended, since its place was written.
local function expire(task)
  if task.status ~= "running" or task.lease.until_ms > now() then
    return false
  end
  lose(task, "expired")
  return true
end

local function arrive(task)
  move(task, "arrive")
  add_fact({ type = "task.ready", task_id = task.task_id })
  make_ready(task)
end

-- A place that does not fit its record is an index gone wrong: the record is the truth.
local function put_in_place(member, task)
  if not task then
    places[member] = false
  elseif task.status == "running" then
    stand_timer(member, task.lease.until_ms)
  elseif task.status == "scheduled" then
    stand_timer(member, task.start_at)
  elseif task.status == "ready" then
    stand_ready(task)
  elseif TERMINAL[task.status] then
    stand_until_removal(task)
  else
    places[member] = false
  end
end

-- Removes an entry of the shared state whose time is over, unless it was written again meanwhile.
local function expire_state(member, name)
  local version, expires = string.match(redis.call("HGET", state, name) or "0 0 ", "^(%d+) (%d+) ")
  version, expires = tonumber(version), tonumber(expires)
  places[member] = false
  if expires > now() then
    stand_timer(member, expires)
  elseif expires > 0 then
    redis.call("HDEL", state, name)
    redis.call("ZREM", state_names, name)
    -- Who still knows that version must not take a later entry of the same name for it.
    read_control({ "state_floor" })
    if version > (tonumber(control_values.state_floor or "0") or 0) then
      write_control("state_floor", version)
    end
  end
end

-- A timer that a task has besides its place in the line: it fires at most once, and only where it still applies.
local function handle_timer(member, kind, task)
  places[member] = false
  if not task or TERMINAL[task.status] then
    return
  elseif kind == "deadline" then
    miss(task, "deadline")
  elseif task.status == "ready" and task.attempt == 0 then
    miss(task, "start_timeout")
  end
end

-- A parent that was retried meanwhile keeps the children that were not reached.
local function go_on_cancelling(member, parent)
  if parent and (parent.status == "failed" or parent.status == "cancelled") then
    cancel_children(parent)
  else
    places[member] = false
  end
end

-- Returns what is left of the budget for edges.
local function handle_due(member, budget)
  local name = string.match(member, "^state:(.+)$")
  if name then
    expire_state(member, name)
    return budget
  end
  local pending = string.match(member, "^edges:(.+)$")
  if pending then
    local source = known[pending]
    if source and source.has_dependents then
      return follow_edges(source, budget)
    end
    places[member] = false
    return budget
  end
  local node = string.match(member, "^unpark:(.+)$")
  if node then
    parking.look(node)
    return budget
  end
  if string.sub(member, 1, 8) == "breaker:" then
    places[member] = false
    open_up(member)
    return budget
  end
  local schedule = string.match(member, "^cron:(s%d+)$")
  if schedule then
    -- Whoever makes its run moves it on; if nobody does, it is told again.
    table.insert(due_schedules, schedule)
    stand_timer(member, now() + LIMITS.cron_again_ms)
    return budget
  end
  local run = known[string.match(member, "^cancel:(r%d+)$")]
  if run and run.cancel_from then
    local _, left = cancel_batch(run, math.min(budget, LIMITS.cancels_per_sweep), budget)
    return left
  end
  run = known[string.match(member, "^activate:(r%d+)$")]
  if run and run.activated then
    return activate_batch(run, math.max(0, budget))
  end
  local kind, id = string.match(member, "^(%l+):(r%d+t%d+)$")
  local task = known[id or task_of(member)]
  if kind == "children" then
    go_on_cancelling(member, task)
    return budget
  elseif task and doomed(task) then
    cancel_task(task)
    return budget
  end
  if kind == "deadline" or kind == "start" then
    handle_timer(member, kind, task)
    return budget
  end
  if task and task.status == "scheduled" and task.start_at <= now() then
    arrive(task)
  elseif not (task and expire(task)) then
    put_in_place(member, task)
  end
  return budget
end

-- Sweeps if something may be due. `next_due` in the control hash never lies later than the earliest timer, so that a
-- call with nothing due costs no look at the line.
local function sweep(limit)
  local next_due = tonumber(control_values.next_due or "0") or 0
  if next_due == 0 or now() < next_due then
    return 0
  end
  -- The line is read as it is stored: what this call has changed already must stand there.
  flush()
  local last = string.format("%.0f", now() - LINE.timer_offset)
  local due = redis.call("ZRANGE", line, "-inf", last, "BYSCORE", "LIMIT", 0, limit)
  local names = {}
  for _, member in ipairs(due) do
    local id = string.match(member, "^%l+:(r%d+t%d+)$") or task_of(member)
    if id then
      table.insert(names, id)
      table.insert(names, run_of(id))
    else
      table.insert(names, string.match(member, "^%l+:(r%d+)$"))
    end
  end
  load(names)
  local budget = LIMITS.edges_per_call
  for _, member in ipairs(due) do
    budget = handle_due(member, budget)
  end
  flush()
  local first = redis.call("ZRANGE", line, 0, 0, "WITHSCORES")
  local score = tonumber(first[2] or "0")
  write_control("next_due", score < 0 and string.format("%.0f", score + LINE.timer_offset) or "0")
  swept = true
  arm_tick()
  write_control_changes()
  control_changes, control_gone = {}, {}
  return #due
end
