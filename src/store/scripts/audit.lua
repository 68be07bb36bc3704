-- Compares a page of what is stored with what belongs there, mends it where asked to, and says where to go on: first
-- the records in the order of their ids, then the members of each index, whose records may be gone.
read_control({ "next_due", "armed", "generation", "run_seq" })
local phase, place = string.match(request.cursor, "^(%l+):(.*)$")
local looked, uncounted = 0, {}

-- The run of that number, if it was not removed; those behind it are read along.
local function run_at(number, newest)
  local batch = {}
  for ahead = number, math.min(newest, number + #shards - 1) do
    table.insert(batch, "r" .. ahead)
    table.insert(batch, "r" .. ahead .. ":staging")
  end
  load(batch)
  return known["r" .. number]
end

local function count_run(run)
  if run.tasks <= LIMITS.audit_run_tasks then
    audit_run(run)
    audit_families(run)
  else
    table.insert(uncounted, '"' .. run.run_id .. '"')
  end
end

-- Returns where the next page of records begins, or nothing.
local function audit_records(number, task)
  local newest, names, runs = tonumber(control_values.run_seq or "0") or 0, {}, 0
  while number <= newest and runs < LIMITS.list_cap and #names < LIMITS.audit_page do
    local run = run_at(number, newest)
    if run and task == 1 then
      count_run(run)
    elseif not run then
      audit_staging("r" .. number)
    end
    local last = run and run.tasks or 0
    while task <= last and #names < LIMITS.audit_page do
      table.insert(names, "r" .. number .. "t" .. task)
      task = task + 1
    end
    if task > last then
      number, task, runs = number + 1, 1, runs + 1
    end
  end
  load(names)
  audit_tasks(names)
  audit_slots(names)
  looked = #names
  return number <= newest and "records:" .. number .. "." .. task or nil
end

-- Whether the member of the line may stay; where exactly it belongs was seen with the records. `entries` are those of the
-- shared state that are there.
local function has_reason(member, entries)
  if string.find(member, "^state:") then
    return entries[string.sub(member, #"state:" + 1)]
  elseif string.find(member, "^breaker:") then
    return true
  elseif string.find(member, "^cron:") then
    -- The end of a run may have put that of a removed schedule there: it goes when it is looked at.
    local number = tonumber(string.match(member, "^cron:s(%d+)$"))
    return number and number <= (tonumber(redis.call("HGET", schedules, "seq") or "0") or 0)
  elseif string.find(member, "^unpark:") then
    return is_look_wanted(member)
  end
  local of, run_id = string.match(member, "^(%l+):(r%d+)$")
  if of == "staging" then
    return raw[run_id .. ":staging"]
  elseif of then
    return known[run_id] and known[run_id][of == "cancel" and "cancel_from" or "activated"]
  end
  local kind, id = string.match(member, "^(%l+):(r%d+t%d+)$")
  local task = known[id or task_of(member) or ""]
  if not task then
    return false
  elseif kind == "edges" then
    return task.has_dependents
  elseif kind == "children" then
    return task.children and (task.status == "failed" or task.status == "cancelled")
  elseif kind == "deadline" then
    return task.deadline and not TERMINAL[task.status]
  elseif kind == "start" then
    return task.start_within_seconds and task.status == "ready"
  end
  return task.status ~= "blocked" and task.status ~= "suspended" and task.status ~= "in_review"
end

local function audit_line(from)
  local members = redis.call("ZRANGE", line, from, from + LIMITS.audit_page - 1)
  local names, kept, entries = {}, 0, {}
  for _, member in ipairs(members) do
    table.insert(entries, string.match(member, "^state:(.+)$"))
    local id = string.match(member, "^%l+:(r%d+t%d+)$") or task_of(member)
    local of, run_id = string.match(member, "^(%l+):(r%d+)$")
    table.insert(names, id or (of == "staging" and run_id .. ":staging") or run_id)
  end
  load(names)
  local there = scores_of(entries, function(...)
    return redis.call("ZMSCORE", state_names, ...)
  end)
  for _, member in ipairs(members) do
    if has_reason(member, there) then
      kept = kept + 1
    else
      places[member] = false
      note(member .. " stood in the line for nothing")
    end
  end
  looked = #members
  -- Those that go make room for those behind them.
  return #members == LIMITS.audit_page and "line:" .. (from + (request.repair and kept or #members)) or nil
end

local function depends_on(task, upstream)
  for _, dependency in ipairs(task and task.dependencies or {}) do
    if dependency.task_id == upstream then
      return true
    end
  end
  return false
end

local function audit_edges(from)
  local members = redis.call("ZRANGE", edges, from, "+", "BYLEX", "LIMIT", 0, LIMITS.audit_page)
  local names = {}
  for _, member in ipairs(members) do
    local upstream, downstream = string.match(member, "^(.*)|(.*)$")
    table.insert(names, upstream)
    table.insert(names, downstream)
  end
  load(names)
  for i, member in ipairs(members) do
    local upstream, downstream = known[names[2 * i - 1]], known[names[2 * i]]
    if not upstream or not depends_on(downstream, upstream.task_id) then
      unlink(member)
      note("the edge " .. member .. " led nowhere")
    elseif not upstream.has_dependents then
      tell_dependents(upstream)
      note(upstream.task_id .. " did not know of its dependents")
    end
  end
  looked = #members
  return #members == LIMITS.audit_page and "edges:(" .. members[#members] or nil
end

local function audit_letters(from)
  local members = redis.call("ZRANGE", dead, from, "+", "BYLEX", "LIMIT", 0, LIMITS.audit_page)
  local names = {}
  for i, member in ipairs(members) do
    names[i] = task_of(string.match(member, "|([^|]*)$") or "") or ""
  end
  load(names)
  for i, member in ipairs(members) do
    local task = known[names[i]]
    if not task or not is_dead_letter(task) or dead_member(task) ~= member then
      dead_changes[member] = false
      note(member .. " is no dead letter")
    end
  end
  looked = #members
  return #members == LIMITS.audit_page and "dead:(" .. members[#members] or nil
end

-- Nobody looks at the line before this time.
local function audit_next_due()
  local first = tonumber(redis.call("ZRANGE", line, 0, 0, "WITHSCORES")[2] or "0")
  local due = tonumber(control_values.next_due or "0") or 0
  if first < 0 and (due == 0 or due > first + LINE.timer_offset) then
    write_control("next_due", string.format("%.0f", first + LINE.timer_offset))
    note("next_due was " .. string.format("%.0f", due) .. ", later than the first timer")
  end
end

local next_page
if phase == "records" then
  audit_next_due()
  local run, task = string.match(place, "^(%d+)%.(%d+)$")
  next_page = audit_records(tonumber(run), tonumber(task)) or "line:0"
elseif phase == "line" then
  next_page = audit_line(tonumber(place)) or "edges:-"
elseif phase == "edges" then
  next_page = audit_edges(place) or "dead:-"
elseif phase == "dead" then
  next_page = audit_letters(place) or "locks:0"
elseif phase == "locks" then
  next_page, looked = audit_nodes(place)
elseif phase == "parked" then
  next_page, looked = audit_waiters(place)
elseif phase == "state" then
  next_page, looked = audit_entries(place)
elseif phase == "names" then
  next_page, looked = audit_names(place)
  next_page = next_page or "schedules:"
elseif phase == "schedules" then
  next_page, looked = audit_schedules()
  next_page = next_page or "deliveries:0"
elseif phase == "deliveries" then
  next_page, looked = audit_deliveries(place)
  next_page = next_page or "outbox:0"
else
  next_page, looked = audit_places(phase, tonumber(place))
  next_page = next_page or (phase == "outbox" and "held:0") or (phase == "held" and "listed:0") or nil
end
local text = '{"now":'
  .. string.format("%.0f", now())
  .. ',"next":'
  .. (next_page and cjson.encode(next_page) or "null")
  .. ',"looked":'
  .. looked
  .. ',"findings":'
  .. (#findings > 0 and cjson.encode(findings) or "[]")
  .. ',"uncounted":['
  .. table.concat(uncounted, ",")
  .. "]}"
-- Where nothing is to be mended nothing is written: all of it is still in memory.
return request.repair and answer_with(text) or text
