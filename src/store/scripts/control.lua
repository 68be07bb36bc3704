-- Applies one action to several tasks: those named, or the next dead letters with one error code. Says of each whether
-- it was changed or why not.
read_control({ "next_due", "armed", "generation" })

local function load_all(ids)
  local names, late = {}, {}
  for _, id in ipairs(ids) do
    table.insert(names, id)
    table.insert(names, run_of(id))
  end
  load(names)
  for _, id in ipairs(request.action == "promote_late_result" and ids or {}) do
    local attempts = known[id] and known[id].late_results
    if attempts then
      table.insert(late, id .. ":late:" .. attempts[#attempts])
    end
  end
  load(late)
end

local function apply(task)
  if task.retiring then
    return "it is being removed after its retention"
  elseif request.action == "cancel" then
    return cancel(task)
  elseif request.action == "retry" then
    return redrive(task, request.changes)
  elseif request.action == "discard" then
    return discard(task, request.note)
  elseif request.action == "promote_late_result" then
    return promote(task)
  elseif request.action == "answer" then
    return answer(task, request.said)
  elseif request.action == "message" then
    return send_message(task, request.said)
  end
  return set_priority(task, request.priority)
end

local before = carried_out()
if before then
  return before
end
local done, refused = {}, {}

local function work_on(ids)
  load_all(ids)
  -- Whoever named a parent and its child wants both cancelled: that the one took along the other is no refusal.
  local open = {}
  for _, id in ipairs(request.action == "cancel" and ids or {}) do
    open[id] = known[id] and not TERMINAL[known[id].status]
  end
  for _, id in ipairs(ids) do
    local why = "there is no such task"
    if known[id] then
      why = apply(known[id])
    end
    if why and open[id] and known[id].status == "cancelled" then
      why = nil
    end
    if not why then
      table.insert(done, '"' .. id .. '"')
    elseif request.task_ids or #refused < request.limit then
      table.insert(refused, '{"task_id":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(why) .. "}")
    end
  end
end

-- The next dead letters with the code. Those that are refused stay where they are, and so must not hide those behind them.
-- Returns whether there may be more.
local function work_on_letters()
  local low = string.gsub(request.error_code, "|", "/") .. "|"
  local from = "[" .. low
  for _ = 1, LIMITS.control_pages do
    local members = redis.call("ZRANGE", dead, from, "(" .. low .. "~", "BYLEX", "LIMIT", 0, request.limit)
    local ids = {}
    for i, member in ipairs(members) do
      ids[i] = task_of(string.sub(member, #low + 1))
    end
    work_on(ids)
    if #done > 0 or #members < request.limit then
      return #members == request.limit
    end
    from = "(" .. members[#members]
  end
  return true
end

local more = false
if request.error_code then
  more = work_on_letters()
else
  work_on(request.task_ids)
end
local reply = '{"changed":[' .. table.concat(done, ",") .. '],"refused":[' .. table.concat(refused, ",") .. '],"more":' .. tostring(more) .. "}"
flush()
if #done > 0 then
  remember(reply)
end
sweep(LIMITS.sweep_per_call)
return answer_with(reply)
