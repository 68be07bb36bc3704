-- The steps of staging a batch of tasks.
-- Depends on: unit, runs, edges, staging, create.

local function begin_staging()
  local number = (tonumber(control_values.run_seq or "0") or 0) + 1
  write_control("run_seq", number)
  return {
    run_id = "r" .. number,
    name = request.name,
    schedule = request.schedule,
    created_by = request.created_by,
    agent_types = {},
    total = request.total,
    staged = 0,
    ready = 0,
    idempotency_key = request.idempotency_key,
    fingerprint = request.fingerprint,
  }
end

-- Within the workflow nothing has ended yet.
local function stage_dependencies(task, wanted, run_id)
  local made = {}
  for _, dependency in ipairs(wanted) do
    if dependency.number then
      made[dependency.number] = { task_id = run_id .. "t" .. dependency.number, status = "blocked" }
    end
  end
  resolve_dependencies(task, wanted, made)
end

local function will_be_ready(task)
  return verdict_of(task) == "run" and (task.start_at or 0) <= now()
end

local function stage_tasks(staging)
  local names, is_kept = {}, {}
  for number in ipairs(request.tasks) do
    names[number] = staging.run_id .. "t" .. (request.first + number - 1)
  end
  load(names)
  for number, task in ipairs(request.tasks) do
    local wanted = task.dependencies or {}
    task.dependencies = nil
    is_kept[number] = hidden[names[number]] ~= nil
    if not is_kept[number] then
      begin_record(task, names[number])
      stage_dependencies(task, wanted, staging.run_id)
      task.status = "blocked"
      task.staged = true
      task.created_at = now()
      -- The key lives as long as what it made: it goes with the first task.
      task.idempotency_key = names[number] == staging.run_id .. "t1" and staging.idempotency_key or nil
      staging.staged = staging.staged + 1
      staging.ready = staging.ready + (will_be_ready(task) and 1 or 0)
      save_raw(task.task_id, cjson.encode(task))
    end
    keep_payload(task, number, is_kept[number])
  end
  for _, beside in ipairs(request.texts or {}) do
    if not is_kept[beside.number] then
      save_raw(names[beside.number] .. ":" .. beside.name, beside.text)
    end
  end
  note_types(staging, request.tasks)
  save_staging(staging)
  places[staging_member(staging.run_id)] = now() + LIMITS.staging_kept_ms
end
