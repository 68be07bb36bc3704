-- Finds tasks by walking the runs, newest first, each run's tasks in order. Ids are dense, so that no index is needed;
-- one call looks at a bounded number of records and says where to go on.
read_control({ "next_due", "armed", "generation", "run_seq" })
sweep(LIMITS.sweep_per_call)

local wanted = {}
for _, status in ipairs(request.statuses) do
  wanted[status] = true
end

-- The last one was not promoted.
local function has_late_result(task)
  local late = task.late_results
  return late ~= nil and late[#late] ~= task.promoted
end

local function matches(task)
  return (#request.statuses == 0 or wanted[task.status])
    and (not request.agent_type or request.agent_type == task.agent_type)
    and (not request.suspended_for or request.suspended_for == task.suspended_for)
    and (not request.late_results or has_late_result(task))
end

-- Names of the next tasks to look at, at most `limit`, and the place after them.
local function next_names(place, limit)
  local runs = {}
  for number = place.run, math.max(place.last_run, place.run - #shards + 1), -1 do
    table.insert(runs, "r" .. number)
  end
  load(runs)
  local names = {}
  for _, id in ipairs(runs) do
    local run = known[id]
    local tasks = run and run.tasks or 0
    while place.task <= tasks and #names < limit do
      table.insert(names, id .. "t" .. place.task)
      place.task = place.task + 1
    end
    if place.task <= tasks then
      return names
    end
    place.run = place.run - 1
    place.task = 1
  end
  return names
end

local newest = tonumber(control_values.run_seq or "0") or 0
local place = {
  run = math.min(request.run or newest, newest),
  task = request.task or 1,
  last_run = request.only_run or 1,
}
local found, looked = {}, 0
while place.run >= place.last_run and looked < LIMITS.list_cap and #found < request.limit do
  local start = { run = place.run, task = place.task }
  local names = next_names(place, LIMITS.list_cap - looked)
  looked = looked + start.run - place.run
  load(names)
  for _, name in ipairs(names) do
    local task = known[name]
    looked = looked + 1
    if task and matches(task) then
      if #found == request.limit then
        local run, number = string.match(name, "^r(%d+)t(%d+)$")
        place.run, place.task = tonumber(run), tonumber(number)
        break
      end
      table.insert(found, cjson.encode(task))
    end
  end
  if place.run == start.run and place.task == start.task then
    break
  end
end
local more = place.run >= place.last_run and '"r' .. place.run .. "t" .. place.task .. '"' or "null"
return answer_with('{"now":' .. string.format("%.0f", now()) .. ',"next":' .. more .. ',"records":[' .. table.concat(found, ",") .. "]}")
