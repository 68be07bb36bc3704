-- The steps of creating tasks: find the run, work out each task and its status, then store them.
-- Depends on: unit, runs, moves, edges, lanes, delegation.

local function unknown_ids()
  local missing = {}
  for _, id in ipairs(request.upstream) do
    -- What is being removed is as good as gone.
    if not known[id] or known[id].retiring then
      table.insert(missing, id)
    end
  end
  return missing
end

-- Why nothing can depend on the existing tasks that are named, or join the run.
local function refuse_upstream(run_id)
  load(request.upstream)
  load({ run_id })
  local missing = unknown_ids()
  if #missing == 0 and run_id and not known[run_id] then
    table.insert(missing, run_id)
  end
  if #missing > 0 then
    return { refused = "not_found", ids = missing }
  end
  for _, id in ipairs(request.upstream) do
    if known[id].reviews then
      return { refused = "on_review", ids = { id, known[id].reviews } }
    end
  end
end

-- The run that the tasks join, or a new one.
local function find_run()
  local refusal = refuse_upstream(request.run_id)
  if refusal then
    return nil, refusal
  elseif request.run_id then
    local run = known[request.run_id]
    if being_cancelled(run) then
      return nil, { refused = "cancelled", ids = { run.run_id } }
    end
    if run.tasks + #request.tasks > LIMITS.tasks_per_run then
      return nil, { refused = "limit", limit = LIMITS.tasks_per_run, what = "tasks of a run" }
    end
    return run
  end
  local number = (tonumber(control_values.run_seq or "0") or 0) + 1
  local run = new_run("r" .. number, request)
  run.fresh = number
  return run
end

-- Resolves what a task waits for: edges to tasks that still run are open, the others have ended already. `made` are the
-- tasks of the same call, by their numbers in it.
local function resolve_dependencies(task, wanted, made)
  local open = 0
  for _, dependency in ipairs(wanted) do
    local upstream = dependency.number and made[dependency.number] or known[dependency.task_id]
    dependency.number = nil
    dependency.task_id = upstream.task_id
    if TERMINAL[upstream.status] then
      dependency.ended = upstream.status
      dependency.result_blob = upstream.result_blob
    else
      open = open + 1
    end
  end
  if #wanted > 0 then
    task.dependencies = wanted
    task.open_dependencies = open
  end
end

local function status_of(task)
  local verdict, because = verdict_of(task)
  if verdict == "skip" then
    task.skipped_because = because
    return "skipped"
  elseif verdict == "wait" then
    return "blocked"
  elseif task.start_at and task.start_at > now() then
    return "scheduled"
  end
  return "ready"
end

-- Fills in what every new record has; false where it would take one lane too many.
local function begin_record(task, task_id)
  task.task_id = task_id
  task.lane = lane_of(task, 1)
  if task.review then
    task.review.lane = lane_of({ agent_type = task.review.agent_type }, 1)
  end
  task.attempt = 0
  task.delegation = task.delegation and grant_of(task.delegation)
  task.created_by = request.created_by
  return task.lane and (not task.review or task.review.lane)
end

-- Works out the records. `request.sequence` is an order in which every dependency comes before its dependents.
local function build_tasks(run)
  local made = {}
  for _, number in ipairs(request.sequence) do
    local task = request.tasks[number]
    local wanted = task.dependencies or {}
    task.dependencies = nil
    if not begin_record(task, run.run_id .. "t" .. (run.tasks + number)) then
      return nil, { refused = "limit", limit = LIMITS.lanes, what = "lanes" }
    end
    resolve_dependencies(task, wanted, made)
    task.status = status_of(task)
    made[number] = task
  end
  return made
end

-- Of the existing tasks that are depended on, those that have not ended.
local function open_upstream()
  local open = {}
  for _, id in ipairs(request.upstream) do
    if not TERMINAL[known[id].status] then
      table.insert(open, '"' .. id .. '"')
    end
  end
  return open
end

local function reply_for(run, tasks, open)
  local parts = {}
  for number, task in ipairs(tasks) do
    parts[number] = '{"task_id":"' .. task.task_id .. '","status":"' .. task.status .. '"}'
  end
  return '{"run_id":"'
    .. run.run_id
    .. '","types":'
    .. (control_values.types or "{}")
    .. ',"tasks":['
    .. table.concat(parts, ",")
    .. "]"
    .. (open and ',"open":[' .. table.concat(open, ",") .. "]" or "")
    .. "}"
end

local function tell(run, tasks)
  if run.fresh then
    add_fact({ type = "run.created", run_id = run.run_id })
  elseif run.status ~= "active" and run.open > 0 then
    run.status = "active"
    run.ended_at = nil
    run.cancelled = nil
    add_fact({ type = "run.reopened", run_id = run.run_id })
  end
  for _, task in ipairs(tasks) do
    add_fact({ type = "task.created", task_id = task.task_id, agent_type = task.agent_type, parent = task.parent })
    if task.status == "ready" then
      add_fact({ type = "task.ready", task_id = task.task_id })
    elseif task.status == "skipped" then
      add_fact({ type = "task.skipped", task_id = task.task_id, because = task.skipped_because })
    end
  end
end

local function place(task)
  if task.status == "ready" then
    make_ready(task)
  elseif task.status == "scheduled" then
    make_scheduled(task, task.start_at)
  elseif task.status == "skipped" then
    task.ended_at = now()
    stand_until_removal(task)
  end
  if task.deadline and not TERMINAL[task.status] then
    stand_timer(deadline_member(task), task.deadline)
  end
  listen(task)
end

-- Names of blobs come in the order of the tasks that have one.
local blobs_used = 0

local function keep_payload(task, number, is_kept)
  if task.payload_blob then
    blobs_used = blobs_used + 1
  end
  if is_kept then
    return
  elseif task.payload_blob then
    redis.call("SET", blobs[blobs_used], payloads[number])
  else
    save_raw(task.task_id .. ":payload", payloads[number])
  end
end

local function store_tasks(run, tasks)
  save(run)
  for _, task in ipairs(tasks) do
    save(task)
    run.open = run.open + 1
    if TERMINAL[task.status] then
      count_end(run, task, 1)
      note_change(task, task.status)
    end
  end
  for _, beside in ipairs(request.texts or {}) do
    save_raw(tasks[beside.number].task_id .. ":" .. beside.name, beside.text)
  end
  run.tasks = run.tasks + #tasks
  note_types(run, tasks)
  tell(run, tasks)
  local closed = run.open == 0 and run.status == "active"
  if closed then
    run.status = ended_run_status(run)
    add_fact({ type = "run." .. run.status, run_id = run.run_id })
  end
  for number, task in ipairs(tasks) do
    task.created_at = now()
    place(task)
    keep_payload(task, number)
  end
  if closed then
    run.ended_at = now()
  end
  if run.fresh then
    run.created_at = now()
    write_control("run_seq", run.fresh)
    run.fresh = nil
  end
  save(run)
end
