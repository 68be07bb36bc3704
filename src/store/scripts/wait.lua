-- One look for whoever waits for a run, or for tasks by name: records of the runs, of the tasks that changed since the
-- caller's cursor (of all where it has none, as far as they are not too many), and of ready tasks that perhaps nobody can
-- take.
local named = request.task_ids
local names = {}
for _, id in ipairs(named or {}) do
  table.insert(names, id)
end
for _, run in ipairs(request.runs) do
  table.insert(names, run.run_id)
end
load(names)
local missing = {}
for _, id in ipairs(names) do
  if not known[id] then
    table.insert(missing, id)
  end
end
if #missing > 0 then
  return cjson.encode({ refused = "not_found", ids = missing })
end

-- Of more types than these nobody asks whether they are served.
local function first_types(all)
  local some = {}
  for i = 1, math.min(#all, LIMITS.types_per_look) do
    some[i] = all[i]
  end
  return some
end

local function types_of(ids)
  local holder, tasks = { agent_types = {} }, {}
  for _, id in ipairs(ids) do
    table.insert(tasks, known[id])
  end
  note_types(holder, tasks)
  return holder.agent_types
end

local run = known[request.runs[1].run_id]
local agent_types = first_types(named and types_of(named) or run.agent_types)
read_service(agent_types, { "next_due", "armed", "generation", "types" })
sweep(LIMITS.sweep_per_call)
if request.watch_ms then
  for _, watched in ipairs(request.runs) do
    watch_run(known[watched.run_id], request.watch_ms)
  end
end

-- Names of the tasks that changed after the cursor; nothing where that is no longer known.
local function changed_since(after)
  local seq, recent = run.seq or 0, run.recent or {}
  if not after or after > seq or after < seq - #recent then
    return nil
  end
  local found = {}
  for i = #recent - (seq - after) + 1, #recent do
    table.insert(found, run.run_id .. "t" .. string.match(recent[i], "^%d+"))
  end
  return found
end

local function all_tasks()
  local found = {}
  for number = 1, run.tasks do
    found[number] = run.run_id .. "t" .. number
  end
  return found
end

local function is_doubtful(agent_type, lane)
  return lane.requires or lane.assignee or is_quiet(agent_type) or is_held_back(agent_type)
end

-- The first ready task of the run in a lane.
local function first_ready(lane)
  local low = lane.id * LINE.lane_width
  local from, to = string.format("%.0f", low), string.format("(%.0f", low + LINE.lane_width)
  local members = redis.call("ZRANGE", line, from, to, "BYSCORE", "LIMIT", 0, LIMITS.list_cap)
  for _, member in ipairs(members) do
    if run_of(task_of(member)) == run.run_id then
      return task_of(member)
    end
  end
  return nil
end

-- One ready task of each lane that perhaps no agent serves, of as many lanes as one claim compares.
local function waiting_in_lanes()
  local found, looked = {}, 0
  for _, agent_type in ipairs(agent_types) do
    for _, lane in ipairs(cjson.decode(control_values["lanes:" .. agent_type] or "[]")) do
      if looked < LIMITS.lanes_per_claim and is_doubtful(agent_type, lane) then
        looked = looked + 1
        table.insert(found, first_ready(lane))
      end
    end
  end
  return found
end

local function waiting_among(ids)
  local found = {}
  for _, id in ipairs(ids) do
    if known[id].status == "ready" and is_doubtful(known[id].agent_type, known[id]) then
      table.insert(found, id)
    end
  end
  return found
end

local whole, waiting = true, {}
if named then
  waiting = waiting_among(named)
else
  local changed = changed_since(request.runs[1].after)
  whole = not changed and run.tasks <= LIMITS.list_cap
  changed = changed or whole and all_tasks() or changed_since((run.seq or 0) - #(run.recent or {}))
  waiting = waiting_in_lanes()
  local shown = {}
  for _, list in ipairs({ changed, waiting }) do
    for _, id in ipairs(list) do
      if not shown[id] then
        shown[id] = true
        table.insert(names, id)
      end
    end
  end
  load(names)
end
local ready = {}
for _, id in ipairs(waiting) do
  table.insert(ready, known[id])
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"whole":'
  .. tostring(whole)
  .. ',"records":'
  .. records_as_text(names)
  .. ',"waiting":'
  .. (#waiting > 0 and cjson.encode(waiting) or "[]")
  .. ',"types":'
  .. (#waiting > 0 and control_values.types or "{}")
  .. ',"breakers":'
  .. breakers_of(ready)
  .. "}")
