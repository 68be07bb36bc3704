-- Whether new children would wait for their own parent: a task that they depend on may wait for it over some steps.
-- Depends on: unit.

local find_cycle
do
  -- What has to end before this one goes on, or may end.
  local function awaited_by(task)
    if task.status ~= "blocked" then
      return (task.open_children or 0) > 0 and task.children or {}
    end
    local found = {}
    -- One that is not in its place yet is blocked without any.
    for _, dependency in ipairs(task.dependencies or {}) do
      if not dependency.ended then
        table.insert(found, dependency.task_id)
      end
    end
    return found
  end

  local function path_to(id, waiter)
    local path = { id }
    while waiter[path[1]] do
      table.insert(path, 1, waiter[path[1]])
    end
    return path
  end

  -- One that its parent does not wait for is reached by other ways only.
  local function is_awaited(task, waiter)
    return task and not TERMINAL[task.status] and not (task.alone and waiter[task.task_id] == task.parent)
  end

  -- The way from one of these tasks to one that cannot end before the new children, each waiting for the next; as far as
  -- a bounded walk sees.
  function find_cycle(upstream, ancestors)
    local waiter, goal, seen = {}, {}, 0
    for _, id in ipairs(ancestors) do
      goal[id] = true
    end
    for _, id in ipairs(upstream) do
      waiter[id] = false
    end
    local reached = upstream
    for _ = 1, LIMITS.cycle_steps do
      load(reached)
      local found = {}
      for _, id in ipairs(reached) do
        for _, other in ipairs(is_awaited(known[id], waiter) and awaited_by(known[id]) or {}) do
          if waiter[other] == nil and seen < LIMITS.cycle_tasks then
            waiter[other] = id
            if goal[other] then
              return path_to(other, waiter)
            end
            seen = seen + 1
            table.insert(found, other)
          end
        end
      end
      if #found == 0 then
        return nil
      end
      reached = found
    end
  end
end
