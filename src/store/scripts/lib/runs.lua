-- What a run knows of its tasks: how many there are of each kind, what changed lately, and what they used up. All of it
-- is in the run's record, so that whoever waits for a run reads one record and not its tasks.
-- Depends on: unit, flush.

-- Whether the run fails with it: a child's parent answers for the child, and a review says nothing about the run.
local function decides(task)
  return not task.parent and not task.reviews
end

local function new_run(run_id, made)
  return {
    run_id = run_id,
    name = made.name,
    schedule = made.schedule,
    status = "active",
    created_by = made.created_by,
    tasks = 0,
    open = 0,
    running = 0,
    failed = 0,
    counts = { completed = 0, failed = 0, cancelled = 0, skipped = 0 },
    agent_types = {},
  }
end

local function run_with(task)
  local id = run_of(task.task_id)
  load({ id })
  return known[id]
end

local function count_end(run, task, by)
  run.open = run.open - by
  run.counts[task.status] = run.counts[task.status] + by
  if task.status == "failed" and decides(task) then
    run.failed = run.failed + by
  end
  save(run)
end

-- A move changed the number of tasks that run, or that wait for a verdict.
local function count_moved(task, before)
  local function change_of(status)
    return (task.status == status and 1 or 0) - (before == status and 1 or 0)
  end
  local running, in_review = change_of("running"), change_of("in_review")
  if running ~= 0 or in_review ~= 0 then
    local run = run_with(task)
    run.running = run.running + running
    local waiting = (run.in_review or 0) + in_review
    run.in_review = waiting > 0 and waiting or nil
    save(run)
  end
end

-- Of which types it has tasks: who waits for it is told when nobody serves one of them.
local function note_types(run, tasks)
  local noted = {}
  for _, agent_type in ipairs(run.agent_types) do
    noted[agent_type] = true
  end
  for _, task in ipairs(tasks) do
    if not noted[task.agent_type] then
      noted[task.agent_type] = true
      table.insert(run.agent_types, task.agent_type)
    end
  end
end

-- From the moment it was marked until its last task has ended.
local function being_cancelled(run)
  return run.cancelled and run.status == "active"
end

local function cancel_member(run)
  return "cancel:" .. run.run_id
end

-- A run of which not all tasks have been put in their places: due work goes on with that.
local function activation_member(run)
  return "activate:" .. run.run_id
end

local function stop_activating(run)
  if run.activated then
    run.activated = nil
    places[activation_member(run)] = false
  end
end

-- Its run is being cancelled: it may neither begin nor go on.
local function doomed(task)
  return not TERMINAL[task.status] and being_cancelled(run_with(task))
end

local function ended_run_status(run)
  if run.cancelled then
    return "cancelled"
  end
  return run.failed > 0 and "failed" or "completed"
end

-- Gives a change that somebody may wait for the run's next number: the end of a task (its status), or what needs the
-- caller ("question", "late_result"). The last few are kept.
local changed_runs = {}

local function note_change(task, kind)
  local run = run_with(task)
  changed_runs[run.run_id] = run
  local function keep(list, entry, most)
    table.insert(list, entry)
    while #list > most do
      table.remove(list, 1)
    end
    return list
  end
  local change = string.match(task.task_id, "t(%d+)$") .. " " .. kind
  run.seq = (run.seq or 0) + 1
  run.recent = keep(run.recent or {}, change, LIMITS.changes_kept)
  if kind == "failed" or not TERMINAL[kind] then
    run.needs = keep(run.needs or {}, run.seq .. " " .. change, LIMITS.needs_kept)
  end
  save(run)
end

-- Somebody waits for the run: one message tells that there is something to look at.
table.insert(before_writing, function()
  for run_id, run in pairs(changed_runs) do
    if (run.watched_until or 0) > now() then
      redis.call("PUBLISH", control .. ":run:" .. run_id, "changed")
    end
  end
  changed_runs = {}
end)

-- Notes that somebody waits, well before the time that was noted last is over.
local function watch_run(run, watch_ms)
  if (run.watched_until or 0) < now() + watch_ms / 2 then
    run.watched_until = now() + watch_ms
    save(run)
  end
end

local function sum_up(sums, usage)
  local names = 0
  for _ in pairs(sums) do
    names = names + 1
  end
  for _, entry in ipairs(usage) do
    local name, amount = entry[1], entry[2]
    if sums[name] or names < LIMITS.usage_names_kept then
      names = names + (sums[name] and 0 or 1)
      sums[name] = (sums[name] or 0) + amount
    end
  end
  return sums
end

-- `usage` is a list of names with amounts, in an order that does not depend on this call.
local function add_usage(task, usage)
  if usage then
    local run = run_with(task)
    task.usage = sum_up(task.usage or {}, usage)
    run.usage = sum_up(run.usage or {}, usage)
    save(task)
    save(run)
  end
end
