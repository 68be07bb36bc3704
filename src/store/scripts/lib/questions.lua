-- A task whose worker asked something is suspended until somebody answers. The answers stay with the task: its later
-- attempts are shown them.
-- Depends on: unit, moves.

-- However the task goes on, it waits no longer.
table.insert(when_moved, function(task, before)
  if before == "suspended" then
    task.suspended_for, task.question = nil, nil
  end
end)

-- Who worked on it goes first for a while; then it is anyone's.
local function resume(task)
  add_fact({ type = "task.resumed", task_id = task.task_id })
  move(task, "resume")
  task.prefer = { agent_id = task.lease.agent_id, until_ms = now() + LIMITS.prefer_ms }
  make_ready(task)
end
