-- What it takes to say why a task, or the tasks of a run, do not run: their records, those that they wait for (some steps
-- down), and what stands between ready tasks and agents. After a bounded sweep, so that nothing shown is stale.
read_control({ "next_due", "armed", "generation", "types" })
sweep(LIMITS.sweep_per_call)

-- Tasks that have to end before this one goes on.
local function waits_on(task)
  if task.suspended_for == "children" then
    return task.children
  end
  local names = {}
  if task.review_task then
    table.insert(names, task.review_task)
  elseif task.status == "blocked" then
    for _, dependency in ipairs(task.dependencies or {}) do
      if not dependency.ended then
        table.insert(names, dependency.task_id)
      end
    end
  end
  return names
end

local names, shown, open = {}, {}, 0
local function show(id)
  if not shown[id] and known[id] and #names < LIMITS.list_cap then
    shown[id] = true
    table.insert(names, id)
  end
end

local run_id = request.run_id or run_of(request.task_id)
load({ run_id, request.task_id })
show(run_id)
if request.task_id then
  show(request.task_id)
elseif known[run_id] then
  local tasks = {}
  for number = request.from, math.min(known[run_id].tasks, request.from + LIMITS.audit_run_tasks - 1) do
    table.insert(tasks, run_id .. "t" .. number)
  end
  load(tasks)
  for _, id in ipairs(tasks) do
    if known[id] and not TERMINAL[known[id].status] then
      open = open + 1
      show(id)
    end
  end
end

-- Steps down, one read each; those of the same run are mostly known already.
local frontier = names
for _ = 1, LIMITS.why_steps do
  local found = {}
  for _, id in ipairs(frontier) do
    if known[id].task_id then
      for _, upstream in ipairs(waits_on(known[id])) do
        if not shown[upstream] and #names + #found < LIMITS.list_cap then
          table.insert(found, upstream)
        end
      end
    end
  end
  load(found)
  for _, id in ipairs(found) do
    show(id)
  end
  frontier = found
end

local ready, in_the_way = {}, {}
for _, id in ipairs(names) do
  if known[id].status == "ready" then
    table.insert(ready, known[id])
    if known[id].parked then
      table.insert(in_the_way, cjson.encode(id) .. ":" .. parking.shown(known[id]))
    end
  end
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"records":'
  .. records_as_text(names)
  .. ',"open":'
  .. open
  .. ',"types":'
  .. (#ready > 0 and control_values.types or "{}")
  .. ',"breakers":'
  .. breakers_of(ready)
  .. ',"in_the_way":{'
  .. table.concat(in_the_way, ",")
  .. "}"
  .. "}")
