-- Follows the edges of tasks that ended: their dependents become ready or are skipped, in bounded batches.
-- Depends on: unit, moves.

local function pending_member(task_id)
  return "edges:" .. task_id
end

local function settle(task, upstream)
  for _, dependency in ipairs(task.dependencies or {}) do
    if dependency.task_id == upstream.task_id and not dependency.ended then
      dependency.ended = upstream.status
      dependency.result_blob = upstream.result_blob
      task.open_dependencies = task.open_dependencies - 1
    end
  end
  save(task)
end

local function release_dependent(task)
  if (task.start_at or 0) > now() then
    move(task, "postpone")
    add_fact({ type = "task.scheduled", task_id = task.task_id })
    stand_timer(member_of(task.task_id), task.start_at)
  else
    move(task, "unblock")
    add_fact({ type = "task.ready", task_id = task.task_id })
    make_ready(task)
  end
end

local function resolve(task, source, queue)
  -- An edge latches: a task that is no longer blocked is not touched by what happens to its dependencies.
  if not task or task.status ~= "blocked" then
    return
  end
  settle(task, source)
  if source.status ~= "completed" then
    move(task, "skip")
    task.skipped_because = source.task_id
    add_fact({ type = "task.skipped", task_id = task.task_id, because = source.task_id })
    end_task(task)
    table.insert(queue, task)
  elseif task.open_dependencies == 0 then
    release_dependent(task)
  end
end

local function edges_of(source, limit)
  local low = source.task_id .. "|"
  local found = redis.call("ZRANGE", edges, "[" .. low, "(" .. low .. "~", "BYLEX", "LIMIT", 0, limit)
  local downstream, names = {}, {}
  for i, member in ipairs(found) do
    downstream[i] = string.sub(member, #low + 1)
    table.insert(names, downstream[i])
    table.insert(names, run_of(downstream[i]))
    unlink(member)
  end
  load(names)
  return downstream
end

-- Resolves up to `budget` edges, beginning with those of `source`. What it does not reach becomes due work in the
-- line: the record says that edges remain, and any later call goes on. Returns what is left of the budget.
local function follow_edges(source, budget)
  local queue = { source }
  while #queue > 0 do
    local from = table.remove(queue, 1)
    if from.has_dependents then
      local downstream = budget > 0 and edges_of(from, budget) or {}
      for _, id in ipairs(downstream) do
        resolve(known[id], from, queue)
      end
      if #downstream < budget then
        from.has_dependents = nil
        places[pending_member(from.task_id)] = false
        save(from)
      else
        stand_timer(pending_member(from.task_id), now())
      end
      budget = budget - #downstream
    end
  end
  return budget
end
