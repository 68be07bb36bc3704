-- A workflow that was staged becomes visible in one moment, as a run of tasks that are inert. Then they are put in their
-- places in batches: each is released, skipped, or waits, by what has become of its dependencies until then.
-- Depends on: unit, runs, moves, edges.

local activate_batch
do
  local function activate(task)
    task.staged = nil
    save(task)
    task.dependencies, task.open_dependencies = dependencies_now(task)
    add_fact({ type = "task.created", task_id = task.task_id, agent_type = task.agent_type })
    if task.deadline then
      stand_timer(deadline_member(task), task.deadline)
    end
    local verdict, because = verdict_of(task)
    if verdict == "skip" then
      skip(task, because)
    elseif verdict == "run" then
      release_dependent(task)
    end
    listen(task)
  end

  -- The next tasks, each counted with its dependencies, while the budget lasts; and how many were passed.
  local function next_tasks(run, budget)
    local names, chosen, passed = {}, {}, 0
    for number = run.activated + 1, math.min(run.tasks, run.activated + budget) do
      table.insert(names, run.run_id .. "t" .. number)
    end
    load(names)
    for _, id in ipairs(names) do
      if budget <= 0 then
        break
      end
      local task = known[id]
      passed = passed + 1
      budget = budget - 1
      if task and task.staged then
        budget = budget - #(task.dependencies or {})
        table.insert(chosen, task)
      end
    end
    return chosen, passed, budget
  end

  -- Returns what is left of the budget.
  function activate_batch(run, budget)
    local chosen, passed, left = next_tasks(run, budget)
    local upstreams = {}
    for _, task in ipairs(chosen) do
      for _, dependency in ipairs(task.dependencies or {}) do
        table.insert(upstreams, dependency.task_id)
      end
    end
    load(upstreams)
    for _, task in ipairs(chosen) do
      activate(task)
    end
    -- With its last open task the run has ended, and nothing is left to do.
    if run.activated and run.activated + passed < run.tasks then
      run.activated = run.activated + passed
      stand_timer(activation_member(run), now())
    else
      stop_activating(run)
    end
    save(run)
    for _, task in ipairs(chosen) do
      if task.status == "skipped" then
        left = follow_edges(task, left)
      end
    end
    return left
  end
end
