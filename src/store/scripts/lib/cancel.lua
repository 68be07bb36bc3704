-- Cancelling: one task, or all that is open in a run. A run is marked in one call; from then on nothing of it is handed
-- out, and whatever touches one of its open tasks cancels that. What the call does not reach is due work.
-- Depends on: unit, runs, moves, edges, failure.

-- Ends it for everybody: whoever works on it is told with the next call. Its dependents do not know yet.
function end_as_cancelled(task)
  add_fact({ type = "task.cancelled", task_id = task.task_id })
  move(task, "cancel")
  void_lease(task)
  end_task(task)
end

local function cancel_task(task)
  end_as_cancelled(task)
  follow_edges_anew(task)
end

-- Looks at the next `count` tasks of a run that is being cancelled, the later ones first: a dependent then mostly ends
-- before what it waits for. Returns the ids of those that it cancelled, and what is left of the budget.
local function cancel_batch(run, count, budget)
  local last = run.cancel_from
  local names = {}
  for number = last, math.max(1, last - count + 1), -1 do
    table.insert(names, run.run_id .. "t" .. number)
  end
  load(names)
  local cancelled = {}
  for _, id in ipairs(names) do
    local task = known[id]
    if task and not TERMINAL[task.status] then
      end_as_cancelled(task)
      table.insert(cancelled, id)
    end
  end
  -- With its last open task the run has ended, and nothing is left to do.
  if run.cancel_from and last > #names then
    run.cancel_from = last - #names
    stand_timer(cancel_member(run), now())
  else
    run.cancel_from = nil
    places[cancel_member(run)] = false
  end
  save(run)
  budget = budget - #names
  for _, id in ipairs(cancelled) do
    known[id].edges_after = nil
    budget = follow_edges(known[id], budget)
  end
  return cancelled, budget
end

-- Marks the run and cancels a first batch.
local function cancel_run(run, count)
  if run.status ~= "active" then
    return {}
  end
  run.cancelled = true
  stop_activating(run)
  run.cancel_from = run.cancel_from or run.tasks
  save(run)
  return (cancel_batch(run, count, count + LIMITS.edges_per_call))
end
