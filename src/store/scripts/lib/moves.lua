-- The moves of a task between its statuses, as the transition table allows them, with what each always brings along.
-- Depends on: unit.

local function may(task, name)
  return MOVES[name].from[task.status] == true
end

-- A move that the table lacks is a bug of the script, since guards come first: it fails before anything is written.
local function move(task, name)
  if not may(task, name) then
    error("illegal move " .. name .. " of " .. task.task_id .. " from " .. task.status)
  end
  task.status = MOVES[name].to
  save(task)
end

local function make_ready(task)
  task.ready_at = now()
  -- The place in the line is fixed on first entry and kept on requeue, so that nothing starves.
  task.order = task.order or (task.ready_at + task.priority * LINE.priority_step_ms)
  stand_ready(task)
  wake(task.agent_type)
end

-- Writes the end of the current attempt into the history, newest last. An attempt whose lease had run out and that
-- was accepted after all ends once: its later end replaces the earlier one.
local function close_attempt(task, outcome)
  local lease = task.lease
  lease.ended = outcome
  local history = task.attempts or {}
  if #history > 0 and history[#history].attempt == task.attempt then
    table.remove(history)
  end
  table.insert(history, {
    attempt = task.attempt,
    check = lease.check,
    agent_id = lease.agent_id,
    key_id = lease.key_id,
    since = lease.since,
    ended_at = now(),
    outcome = outcome,
    error = outcome == "failed" and task.error or nil,
    message = task.message,
  })
  while #history > LIMITS.attempts_kept do
    table.remove(history, 1)
  end
  task.attempts = history
end

-- What the end of a task means for its run and for those that wait for it.
local function end_task(task)
  local run = known[run_of(task.task_id)]
  run.open = run.open - 1
  if task.status == "failed" then
    run.failed = run.failed + 1
  end
  local closed = run.open == 0
  if closed then
    run.status = run.failed > 0 and "failed" or "completed"
    add_fact({ type = "run." .. run.status, run_id = run.run_id })
  end
  task.ended_at = now()
  if closed then
    run.ended_at = task.ended_at
  end
  save(run)
end
