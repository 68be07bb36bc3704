-- Follows the edges of tasks whose fate changed: dependents become ready, are skipped, or are revived, in bounded
-- batches. An edge goes once its dependency completed, which nothing takes back: a dead letter may be retried, and a
-- late result of a cancelled task promoted.
-- Depends on: unit, runs, moves.

-- In cancel.lua.
local end_as_cancelled

local pending_member, dependencies_now, verdict_of, release_dependent, skip, listen, follow_edges, follow_edges_anew
do
  function pending_member(task_id)
    return "edges:" .. task_id
  end

  -- Notes in the dependent what has become of its dependency: ended, or open again.
  local function settle(task, source)
    local ended = TERMINAL[source.status] and source.status or nil
    for _, dependency in ipairs(task.dependencies) do
      if dependency.task_id == source.task_id and dependency.ended ~= ended then
        if not dependency.ended then
          task.open_dependencies = task.open_dependencies - 1
        elseif not ended then
          task.open_dependencies = task.open_dependencies + 1
        end
        dependency.ended = ended
        dependency.result_blob = source.result_blob
      end
    end
    save(task)
  end

  -- Its dependencies as they are now, and how many are open. One that was removed meanwhile is as it was noted. They are
  -- loaded already.
  function dependencies_now(task)
    if not task.dependencies then
      return nil
    end
    local found, open = {}, 0
    for i, noted in ipairs(task.dependencies) do
      local dependency = { task_id = noted.task_id, key = noted.key, ended = noted.ended, result_blob = noted.result_blob }
      local upstream = known[noted.task_id]
      if upstream then
        dependency.ended = TERMINAL[upstream.status] and upstream.status or nil
        dependency.result_blob = upstream.result_blob
      end
      open = open + (dependency.ended and 0 or 1)
      found[i] = dependency
    end
    return found, open
  end

  -- What its trigger rule makes of how its dependencies ended so far: "run", "wait", or "skip", with the dependency that it
  -- is skipped because of, where there is one. Only `failed` counts as failed, not what was cancelled or skipped; a task
  -- that waits for a failure does not wait any longer once there is one.
  function verdict_of(task)
    if not task.dependencies then
      return "run"
    end
    local unmet, failed
    for _, dependency in ipairs(task.dependencies) do
      if dependency.ended and dependency.ended ~= "completed" then
        unmet = unmet or dependency.task_id
        failed = failed or dependency.ended == "failed"
      end
    end
    local open = task.open_dependencies
    if task.trigger_rule == "one_failed" then
      return failed and "run" or open > 0 and "wait" or "skip"
    elseif unmet and task.trigger_rule ~= "all_done" then
      return "skip", unmet
    end
    return open > 0 and "wait" or "run"
  end

  function release_dependent(task)
    if (task.start_at or 0) > now() then
      move(task, "postpone")
      make_scheduled(task, task.start_at)
    else
      add_fact({ type = "task.ready", task_id = task.task_id })
      move(task, "unblock")
      make_ready(task)
    end
  end

  function skip(task, because)
    add_fact({ type = "task.skipped", task_id = task.task_id, because = because })
    move(task, "skip")
    task.skipped_because = because
    end_task(task)
  end

  local function revive(task)
    reopen_task(task)
    move(task, "revive")
    task.skipped_because = nil
  end

  -- Whatever else than completed its dependencies became may be taken back: then what is skipped is revived. What runs
  -- already listens to nothing any more.
  function listen(task)
    if task.status ~= "blocked" and task.status ~= "skipped" then
      return
    end
    for _, dependency in ipairs(task.dependencies or {}) do
      local upstream = known[dependency.task_id]
      if upstream and dependency.ended ~= "completed" then
        link(dependency.task_id, task.task_id)
        if not upstream.has_dependents then
          upstream.has_dependents = true
          save(upstream)
        end
      end
    end
  end

  -- An edge latches: a task that is neither blocked nor skipped is not touched by what happens to its dependencies, and
  -- one that is being removed comes back no more. Returns whether the task's own dependents are concerned now.
  local function resolve(task, source)
    if not task or task.retiring or (task.status ~= "blocked" and task.status ~= "skipped") then
      return false
    end
    settle(task, source)
    local before = task.status
    if doomed(task) then
      end_as_cancelled(task)
      return true
    end
    local verdict, because = verdict_of(task)
    if verdict == "skip" then
      if before == "blocked" then
        skip(task, because)
      else
        task.skipped_because = because
      end
    else
      if before == "skipped" then
        revive(task)
        if doomed(task) then
          end_as_cancelled(task)
          return true
        end
      end
      if verdict == "run" then
        release_dependent(task)
      end
    end
    return (before == "skipped") ~= (task.status == "skipped")
  end

  local function edges_of(source, limit)
    local low = source.task_id .. "|"
    local from = source.edges_after and "(" .. low .. source.edges_after or "[" .. low
    write_links()
    local found = redis.call("ZRANGE", edges, from, "(" .. low .. "~", "BYLEX", "LIMIT", 0, limit)
    local downstream, names = {}, {}
    for i, member in ipairs(found) do
      downstream[i] = string.sub(member, #low + 1)
      table.insert(names, downstream[i])
      table.insert(names, run_of(downstream[i]))
      if source.status == "completed" then
        unlink(member)
      end
    end
    load(names)
    return downstream
  end

  -- One batch of a source's edges. Where more are left, the record says where to go on and the line that there is work.
  local function follow_batch(source, limit, queue)
    local downstream = limit > 0 and edges_of(source, limit) or {}
    for _, id in ipairs(downstream) do
      if resolve(known[id], source) then
        -- Its own edges are followed from the start, whatever its dependents were told before.
        known[id].edges_after = nil
        table.insert(queue, known[id])
      end
    end
    if #downstream < limit then
      source.edges_after = nil
      if source.status == "completed" then
        source.has_dependents = nil
      end
      places[pending_member(source.task_id)] = false
    else
      source.edges_after = downstream[#downstream] or source.edges_after
      stand_timer(pending_member(source.task_id), now())
    end
    save(source)
    return #downstream
  end

  -- Resolves up to `budget` edges, beginning with those of `source`; any later call goes on with the rest. Returns what
  -- is left of the budget.
  function follow_edges(source, budget)
    local queue = { source }
    while #queue > 0 do
      local from = table.remove(queue, 1)
      if from.has_dependents then
        budget = budget - follow_batch(from, budget, queue)
      end
    end
    return budget
  end

  -- What one call may still resolve of the tasks whose fate it changes, however many they are.
  local edges_left = LIMITS.edges_per_call

  -- The same from the start, after the source's fate changed once more.
  function follow_edges_anew(source)
    source.edges_after = nil
    edges_left = follow_edges(source, edges_left)
  end
end
