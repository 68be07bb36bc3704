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

-- Whether all that changed after the cursor is remembered.
local function remembers(after)
  local seq = run.seq or 0
  return after ~= nil and after <= seq and after >= seq - #(run.recent or {})
end

-- Names of the tasks of which it is remembered that they changed after the cursor.
local function changed_since(after)
  local seq, recent, found = run.seq or 0, run.recent or {}, {}
  local first = seq - #recent
  after = after and after <= seq and after or 0
  for _, need in ipairs(run.needs or {}) do
    local number, task = string.match(need, "^(%d+) (%d+)")
    if tonumber(number) > after and tonumber(number) <= first then
      table.insert(found, run.run_id .. "t" .. task)
    end
  end
  for i = math.max(0, after - first) + 1, #recent do
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

-- Of the types that were not asked for before.
local function read_unread_service(ids)
  local unread = {}
  for _, agent_type in ipairs(types_of(ids)) do
    if control_values["watch:" .. agent_type] == nil and #unread < LIMITS.types_per_look then
      table.insert(unread, agent_type)
    end
  end
  if #unread > 0 then
    read_service(unread, {})
  end
end

local function is_doubtful(agent_type, lane)
  return lane.requires or lane.assignee or is_quiet(agent_type) or is_held_back(agent_type)
end

-- The first of the run's ready tasks in a lane.
local function ready_in(lane)
  local low = lane.id * LINE.lane_width
  local from, to = string.format("%.0f", low), string.format("(%.0f", low + LINE.lane_width)
  local found = {}
  for _, member in ipairs(redis.call("ZRANGE", line, from, to, "BYSCORE", "LIMIT", 0, LIMITS.list_cap)) do
    if run_of(task_of(member)) == run.run_id then
      table.insert(found, task_of(member))
    end
  end
  return found
end

-- A review among them: perhaps only its maker is there.
local function first_review(ids)
  load(ids)
  for _, id in ipairs(ids) do
    if known[id] and known[id].not_by then
      return id
    end
  end
  return nil
end

-- One ready task of each lane that perhaps no agent serves, of as many lanes as one claim compares.
local function waiting_in_lanes()
  local found, looked = {}, 0
  for _, agent_type in ipairs(agent_types) do
    for _, lane in ipairs(cjson.decode(control_values["lanes:" .. agent_type] or "[]")) do
      local doubtful = is_doubtful(agent_type, lane)
      if looked < LIMITS.lanes_per_claim and (doubtful or run.in_review) then
        looked = looked + 1
        local ready = ready_in(lane)
        table.insert(found, doubtful and ready[1] or first_review(ready))
      end
    end
  end
  return found
end

-- Tasks that have to end before this one does.
local function family_of(task)
  local found = {}
  for _, id in ipairs((task.open_children or 0) > 0 and task.children or {}) do
    table.insert(found, id)
  end
  for _, dependency in ipairs(task.status == "blocked" and task.dependencies or {}) do
    if not dependency.ended then
      table.insert(found, dependency.task_id)
    end
  end
  table.insert(found, task.review_task)
  return found
end

-- What the named tasks wait for, some steps down: what needs somebody there keeps them from ending.
local function related_to(ids)
  local seen, frontier, found = {}, ids, {}
  for _, id in ipairs(ids) do
    seen[id] = true
  end
  for _ = 1, LIMITS.why_steps do
    local further = {}
    for _, id in ipairs(frontier) do
      for _, other in ipairs(family_of(known[id])) do
        if not seen[other] and #found + #further < LIMITS.list_cap then
          seen[other] = true
          table.insert(further, other)
        end
      end
    end
    load(further)
    frontier = {}
    for _, id in ipairs(further) do
      if known[id] and not TERMINAL[known[id].status] then
        table.insert(frontier, id)
        table.insert(found, id)
      end
    end
  end
  return found
end

local function waiting_among(ids)
  local found = {}
  for _, id in ipairs(ids) do
    local task = known[id]
    if task.status == "ready" and (task.not_by or is_doubtful(task.agent_type, task)) then
      table.insert(found, id)
    end
  end
  return found
end

local whole, waiting, related = true, {}, {}
if named then
  local all = { unpack(named) }
  for _, id in ipairs(related_to(named)) do
    table.insert(all, id)
    if known[id].question or known[id].late_results then
      table.insert(related, id)
      table.insert(names, id)
    end
  end
  read_unread_service(all)
  waiting = waiting_among(all)
  local listed = {}
  for _, id in ipairs(names) do
    listed[id] = true
  end
  for _, id in ipairs(waiting) do
    if not listed[id] then
      table.insert(names, id)
    end
  end
else
  local after = request.runs[1].after
  whole = not remembers(after) and run.tasks <= LIMITS.list_cap
  local changed = whole and all_tasks() or changed_since(after)
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
  .. ',"related":'
  .. (#related > 0 and cjson.encode(related) or "[]")
  .. ',"types":'
  .. (#waiting > 0 and control_values.types or "{}")
  .. ',"breakers":'
  .. breakers_of(ready)
  .. "}")
