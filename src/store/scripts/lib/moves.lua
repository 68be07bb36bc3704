-- The moves of a task between its statuses, as the transition table allows them, with what each always brings along.
-- Depends on: unit, waiters, runs.

-- What is being removed moves no more, whatever its status would allow.
local function may(task, name)
  return MOVES[name].from[task.status] == true and not task.retiring
end

-- What else follows a change of status: each is called with the task and the status that it had, before anything is
-- written. Chunks that stand on this one add themselves.
local when_moved = { count_moved }

-- A move that the table lacks is a bug of the script, since guards come first: it fails before anything is written.
local function move(task, name)
  if not may(task, name) then
    error("illegal move " .. name .. " of " .. task.task_id .. " from " .. task.status)
  end
  local before = task.status
  task.status = MOVES[name].to
  save(task)
  for _, follow in ipairs(when_moved) do
    follow(task, before)
  end
end

-- Timers of a task besides its place in the line: each is a member of its own, with the task's id behind a colon.
local function deadline_member(task)
  return "deadline:" .. task.task_id
end

local function start_member(task)
  return "start:" .. task.task_id
end

-- Until when it has to be claimed for the first time.
local function start_by(task)
  return task.ready_at + task.start_within_seconds * 1000
end

local function make_ready(task)
  task.ready_at = now()
  -- The place in the line is fixed on first entry and kept on requeue, so that nothing starves.
  task.order = task.order or (task.ready_at + task.priority * LINE.priority_step_ms)
  stand_ready(task)
  if task.start_within_seconds and task.attempt == 0 then
    stand_timer(start_member(task), start_by(task))
  end
  wake(task)
end

-- One attempt may run so long, however often its lease is renewed.
local function last_moment(task)
  return task.lease.since + (task.max_run_seconds or LIMITS.max_run_seconds_default) * 1000
end

local function make_scheduled(task, at)
  task.start_at = at
  stand_timer(member_of(task.task_id), at)
end

-- Where the text of a late result lies, if it is large.
local function late_blob(late)
  return string.match(late or "", ',"result_blob":"(%x+)"}$')
end

-- A blob that nothing shows any more goes with its task: a script cannot delete keys that it was not given.
local function outdate(task, name)
  if name then
    task.outdated_blobs = task.outdated_blobs or {}
    table.insert(task.outdated_blobs, name)
  end
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

-- What the end of a task means: its timers go, its place becomes that of its removal, and its run may end with it.
local function end_task(task)
  local run = known[run_of(task.task_id)]
  count_end(run, task, 1)
  note_change(task, task.status)
  if run.open == 0 then
    run.status = ended_run_status(run)
    add_fact({ type = "run." .. run.status, run_id = run.run_id })
    if run.cancel_from then
      run.cancel_from = nil
      places[cancel_member(run)] = false
    end
    stop_activating(run)
  end
  task.ended_at = now()
  task.progress = nil
  task.staged = nil
  if run.open == 0 then
    run.ended_at = task.ended_at
    -- Its schedule may have come due meanwhile.
    if run.schedule then
      stand_timer("cron:" .. run.schedule, task.ended_at)
    end
  end
  stand_until_removal(task)
  if task.deadline then
    places[deadline_member(task)] = false
  end
  if task.start_within_seconds then
    places[start_member(task)] = false
  end
end

-- Takes back the end of a task: its run goes on.
local function reopen_task(task)
  local run = known[run_of(task.task_id)]
  count_end(run, task, -1)
  task.ended_at = nil
  places[member_of(task.task_id)] = false
  if run.status ~= "active" then
    run.status = "active"
    run.ended_at = nil
    run.cancelled = nil
    add_fact({ type = "run.reopened", run_id = run.run_id })
  end
  if task.deadline then
    stand_timer(deadline_member(task), task.deadline)
  end
end
