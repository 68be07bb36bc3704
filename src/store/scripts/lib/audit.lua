-- Compares records with what was derived from them. The record is the truth: what does not fit it is mended, and noted
-- in `findings`. The code that puts things in their places says where they belong.
-- Depends on: pieces, unit, runs, moves, edges, sweep.

local findings = {}

local function note(finding)
  table.insert(findings, finding)
end

local function scores_in_line(...)
  return redis.call("ZMSCORE", line, ...)
end

local function scores_among_dead(...)
  return redis.call("ZMSCORE", dead, ...)
end

local function scores_among_edges(...)
  return redis.call("ZMSCORE", edges, ...)
end

-- Where the members stand that are to be compared: absent ones are nil.
local function scores_of(members, ask)
  local scores = {}
  in_pieces(members, function(...)
    local values = ask(...)
    for i, member in ipairs({ ... }) do
      scores[member] = values[i] and tonumber(values[i])
    end
  end)
  return scores
end

-- Lets stand what stands where it was just put. Whoever has ended may stand further back: retention puts it there.
local function compare_place(member, scores, ended)
  local due, actual = places[member], scores[member] or false
  places[member] = nil
  local fits = actual == due or (ended and actual and actual >= due and actual < LINE.lane_width)
  if not fits then
    places[member] = due
    note(member .. " stood at " .. tostring(actual) .. " in the line, and belongs at " .. tostring(due))
  end
end

local function audit_place(task, scores)
  local member = member_of(task.task_id)
  put_in_place(member, task)
  compare_place(member, scores, TERMINAL[task.status])
  -- What was staged has timers once it is in its place.
  if task.deadline and not task.staged then
    places[deadline_member(task)] = false
    if not TERMINAL[task.status] then
      stand_timer(deadline_member(task), task.deadline)
    end
    compare_place(deadline_member(task), scores)
  end
  if task.start_within_seconds then
    places[start_member(task)] = false
    if task.status == "ready" and task.attempt == 0 then
      stand_timer(start_member(task), start_by(task))
    end
    compare_place(start_member(task), scores)
  end
end

local function is_dead_letter(task)
  return task.status == "failed" and not task.discarded_at
end

local function audit_letter(task, listed)
  if task.error_code and is_dead_letter(task) and not listed[dead_member(task)] then
    bury(task)
    note(task.task_id .. " was missing among the dead letters")
  end
end

-- Its dependents are told once more what has become of it.
local function tell_dependents(upstream)
  upstream.edges_after = nil
  upstream.has_dependents = true
  stand_timer(pending_member(upstream.task_id), now())
  save(upstream)
end

-- Whoever is blocked or skipped listens to its dependencies, and knows how they ended.
local function audit_dependencies(task, edge_scores, scores)
  if task.retiring or task.staged or (task.status ~= "blocked" and task.status ~= "skipped") then
    return
  end
  local open = 0
  for _, dependency in ipairs(task.dependencies) do
    local upstream = known[dependency.task_id]
    open = open + (dependency.ended and 0 or 1)
    local edge = dependency.task_id .. "|" .. task.task_id
    -- The edges of what is being removed go in batches, before its record.
    if upstream and not upstream.retiring and dependency.ended ~= "completed" then
      local ended = TERMINAL[upstream.status] and upstream.status or nil
      local missing = not edge_scores[edge] or not upstream.has_dependents
      if missing then
        link(dependency.task_id, task.task_id)
        note("the edge " .. edge .. " was missing")
      end
      if missing or (ended ~= dependency.ended and not scores[pending_member(upstream.task_id)]) then
        tell_dependents(upstream)
        note(task.task_id .. " is told again what has become of " .. upstream.task_id)
      end
    end
  end
  if open ~= task.open_dependencies then
    note(task.task_id .. " counted " .. tostring(task.open_dependencies) .. " open dependencies of " .. open)
    task.open_dependencies = open
    save(task)
  end
end

local function audit_tasks(names)
  local members, letters, edge_names, upstreams = {}, {}, {}, {}
  for _, id in ipairs(names) do
    local task = known[id]
    if task then
      for _, member in ipairs({ member_of(id), deadline_member(task), start_member(task) }) do
        table.insert(members, member)
      end
      if task.error_code then
        table.insert(letters, dead_member(task))
      end
      for _, dependency in ipairs(task.dependencies or {}) do
        table.insert(upstreams, dependency.task_id)
        table.insert(members, pending_member(dependency.task_id))
        table.insert(edge_names, dependency.task_id .. "|" .. id)
      end
    end
  end
  load(upstreams)
  local scores = scores_of(members, scores_in_line)
  local listed = scores_of(letters, scores_among_dead)
  local edge_scores = scores_of(edge_names, scores_among_edges)
  for _, id in ipairs(names) do
    local task = known[id]
    if task then
      audit_place(task, scores)
      audit_letter(task, listed)
      audit_dependencies(task, edge_scores, scores)
    end
  end
end

-- What the run's record says of its tasks, as a list that can be compared.
local function shown_run(run)
  local counts = run.counts
  return run.open .. " open, " .. run.running .. " running, " .. (run.in_review or 0) .. " in review, " .. run.failed .. " failed, " .. (run.removed or 0) .. " removed, " .. run.status .. " (" .. counts.completed .. " completed, " .. counts.failed .. " failed, " .. counts.cancelled .. " cancelled, " .. counts.skipped .. " skipped) of " .. table.concat(run.agent_types, ", ")
end

-- What is left of a run that is being cancelled, or put in its places, is due work.
local function audit_due_work(run, is_staged)
  local cancel, activation = cancel_member(run), activation_member(run)
  local scores = scores_of({ cancel, activation }, scores_in_line)
  if being_cancelled(run) and not (run.cancel_from and scores[cancel]) then
    run.cancel_from = run.tasks
    stand_timer(cancel, now())
    save(run)
    note(run.run_id .. " was not being cancelled any more, and goes on with that")
  elseif is_staged and not being_cancelled(run) and not (run.activated and scores[activation]) then
    run.activated = 0
    stand_timer(activation, now())
    save(run)
    note("tasks of " .. run.run_id .. " were left without a place")
  end
end

-- A workflow that was staged and that nobody goes on with is removed some day.
local function audit_staging(run_id)
  local member = "staging:" .. run_id
  if raw[run_id .. ":staging"] and not scores_of({ member }, scores_in_line)[member] then
    places[member] = now() + LIMITS.staging_kept_ms
    note("nothing would remove the staging of " .. run_id)
  end
end

-- Counts the tasks of a run, all at once: meanwhile nothing can change.
local function audit_run(run)
  local names, tasks, open, running, in_review, failed = {}, {}, 0, 0, 0, 0
  local counts = { completed = 0, failed = 0, cancelled = 0, skipped = 0 }
  local is_staged = false
  for number = 1, run.tasks do
    names[number] = run.run_id .. "t" .. number
  end
  load(names)
  for _, id in ipairs(names) do
    local task = known[id]
    if task then
      table.insert(tasks, task)
      open = open + (TERMINAL[task.status] and 0 or 1)
      is_staged = is_staged or task.staged
      running = running + (task.status == "running" and 1 or 0)
      in_review = in_review + (task.status == "in_review" and 1 or 0)
      failed = failed + (task.status == "failed" and decides(task) and 1 or 0)
      if TERMINAL[task.status] then
        counts[task.status] = counts[task.status] + 1
      end
    end
  end
  local before = shown_run(run)
  if #tasks < run.tasks then
    -- What was removed is no longer known by how it ended.
    failed = math.max(failed, run.failed)
    for status, count in pairs(counts) do
      counts[status] = math.max(count, run.counts[status])
    end
  end
  note_types(run, tasks)
  run.open, run.running, run.failed, run.counts = open, running, failed, counts
  run.in_review = in_review > 0 and in_review or nil
  run.removed = #tasks < run.tasks and run.tasks - #tasks or nil
  run.status = open > 0 and "active" or ended_run_status(run)
  run.ended_at = open == 0 and (run.ended_at or now()) or nil
  local after = shown_run(run)
  if before ~= after then
    note(run.run_id .. " said " .. before .. "; it has " .. after)
    save(run)
  end
  audit_due_work(run, is_staged)
end
