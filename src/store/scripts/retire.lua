-- Removes what has been kept for long enough. First without `remove`: marks what is due, and names it with the blobs to
-- delete. Then with it: removes those tasks, every index entry that names them, and a run with its last task. Nothing
-- takes the mark back, and so what one step leaves, or a crash, the next one finishes. The first half also tidies up.
read_control({ "next_due", "armed", "generation", "tidy_at", "tidy_from", "types", "agents", "free_lanes" })
local named = request.remove

local stale = {}

local function due_tasks()
  local ids = {}
  for _, member in ipairs(redis.call("ZRANGE", line, 0, string.format("%.0f", now()), "BYSCORE", "LIMIT", 0, LIMITS.removals_per_step)) do
    table.insert(ids, task_of(member))
    table.insert(stale, string.match(member, "^staging:(r%d+)$"))
  end
  return ids
end

local due = named or due_tasks()
local names = {}
for _, id in ipairs(due) do
  table.insert(names, id)
  table.insert(names, run_of(id))
end
load(names)

-- A run's tasks are kept together until some time after its end, dead letters longer.
local function kept_until(task, run)
  if run.open > 0 then
    return now() + LIMITS.run_kept_ms
  end
  local from_run = run.ended_at + LIMITS.run_kept_ms
  if task.status == "failed" and not task.discarded_at then
    return math.max(from_run, task.ended_at + LIMITS.dead_letter_kept_ms)
  end
  return from_run
end

-- Edges that this step may still remove.
local budget = LIMITS.edges_per_call

-- Whether all of them are gone: the first batch that is not full is the last.
local function forget_dependents(task)
  if budget == 0 then
    return false
  end
  local low = task.task_id .. "|"
  local found = redis.call("ZRANGE", edges, "[" .. low, "(" .. low .. "~", "BYLEX", "LIMIT", 0, budget)
  for _, member in ipairs(found) do
    unlink(member)
  end
  budget = budget - #found
  return budget > 0
end

local function forget_edges(task)
  if task.has_dependents and not forget_dependents(task) then
    return false
  end
  for _, dependency in ipairs(task.dependencies or {}) do
    unlink(dependency.task_id .. "|" .. task.task_id)
  end
  return true
end

local function forget_run(run)
  drop_raw(run.run_id)
  known[run.run_id] = false
  changed[run.run_id] = nil
  local prefix = run.run_id .. "/"
  local keys = redis.call("ZRANGE", state_names, "[" .. prefix, "(" .. prefix .. "\255", "BYLEX", "LIMIT", 0, LIMITS.state_keys)
  if #keys > 0 then
    redis.call("HDEL", state, unpack(keys))
    redis.call("ZREM", state_names, unpack(keys))
  end
  for _, name in ipairs(keys) do
    places["state:" .. name] = false
  end
end

local function forget_texts(task)
  for _, suffix in ipairs({ "", ":payload", ":result", ":notes" }) do
    drop_raw(task.task_id .. suffix)
  end
  if task.has_schema then
    drop_raw(task.task_id .. ":schema")
  end
  if task.review then
    drop_raw(task.task_id .. ":criteria")
  end
  for _, id in ipairs(task.verdicts or {}) do
    drop_raw(task.task_id .. ":verdict:" .. id)
  end
  for _, attempt in ipairs(task.late_results or {}) do
    drop_raw(task.task_id .. ":late:" .. attempt)
  end
end

local forgotten = {}

local function forget(task, run)
  if not forget_edges(task) then
    return
  end
  if task.status == "failed" and not task.discarded_at then
    unearth(task)
  end
  if task.idempotency_key then
    redis.call("HDEL", idempotency, task.idempotency_key)
  end
  forget_texts(task)
  table.insert(forgotten, task)
  places[member_of(task.task_id)] = false
  run.removed = (run.removed or 0) + 1
  if run.removed == run.tasks then
    forget_run(run)
  else
    save(run)
  end
end

local function blobs_of(task)
  local found = {}
  for _, name in ipairs(task.outdated_blobs or {}) do
    table.insert(found, name)
  end
  table.insert(found, task.payload_blob)
  table.insert(found, task.result_blob)
  for _, attempt in ipairs(task.late_results or {}) do
    local late = task.task_id .. ":late:" .. attempt
    load({ late })
    table.insert(found, late_blob(raw[late]))
  end
  return found
end

-- What has been marked stays so, whatever has become of its run since.
local function may_go(task, run)
  if task.retiring then
    return true
  elseif kept_until(task, run) > now() then
    places[member_of(task.task_id)] = kept_until(task, run)
    return false
  end
  -- Those that wait for it must hear of its end first.
  return not (task.has_dependents and redis.call("ZSCORE", line, pending_member(task.task_id)))
end

local blobs, ready = {}, {}

-- What was staged and never went on: nobody can go on with it any more, and its last tasks go first.
local function abandon(run_id)
  local staging = read_staging(run_id)
  if not staging then
    places[staging_member(run_id)] = false
    return
  end
  staging.abandoned = true
  save_staging(staging)
  local ids = {}
  for number = staging.staged, math.max(1, staging.staged - LIMITS.removals_per_step + 1), -1 do
    table.insert(ids, run_id .. "t" .. number)
  end
  load(ids)
  for _, id in ipairs(ids) do
    table.insert(ready, '"' .. id .. '"')
    for _, blob in ipairs(blobs_of(hidden[id])) do
      table.insert(blobs, '"' .. blob .. '"')
    end
  end
end

-- Its key may be that of a later call by now.
local function give_back_key(staging)
  local key = staging.idempotency_key
  local stored = key and redis.call("HGET", idempotency, key)
  if stored and cjson.decode(stored).run_id == staging.run_id then
    redis.call("HDEL", idempotency, key)
  end
end

local function forget_staged(id)
  local task, staging = hidden[id], read_staging(run_of(id))
  if not staging or not staging.abandoned then
    return
  end
  forget_texts(task)
  table.insert(forgotten, task)
  staging.staged = staging.staged - 1
  if staging.staged > 0 then
    save_staging(staging)
  else
    drop_staging(staging.run_id)
    give_back_key(staging)
  end
end

local function mark(task)
  if not task.retiring then
    task.retiring = true
    save(task)
  end
  table.insert(ready, '"' .. task.task_id .. '"')
  for _, blob in ipairs(blobs_of(task)) do
    table.insert(blobs, '"' .. blob .. '"')
  end
end

for _, id in ipairs(due) do
  local task, run = known[id], known[run_of(id)]
  if named then
    -- Named twice, it may be gone.
    if task and run and task.retiring then
      forget(task, run)
    elseif hidden[id] then
      forget_staged(id)
    end
  elseif not task or not run or not TERMINAL[task.status] then
    put_in_place(member_of(id), task)
  elseif may_go(task, run) then
    mark(task)
  end
end
for _, run_id in ipairs(stale) do
  abandon(run_id)
end
if not named then
  tidy()
end
flush()
-- Only once they are gone: a lane that counts too many tasks stays, one that counts too few would go before its last.
leave_lanes(forgotten)
flush()
return answer_with('{"now":' .. string.format("%.0f", now()) .. ',"due":[' .. table.concat(ready, ",") .. '],"blobs":[' .. table.concat(blobs, ",") .. "]}")
