-- Applies one action to several tasks: those named, or the next dead letters with one error code. Says of each whether
-- it was changed or why not.
read_control({ "next_due", "armed", "generation" })
local ids = request.task_ids
if request.error_code then
  local low = string.gsub(request.error_code, "|", "/") .. "|"
  ids = {}
  for _, member in ipairs(redis.call("ZRANGE", dead, "[" .. low, "(" .. low .. "~", "BYLEX", "LIMIT", 0, request.limit)) do
    table.insert(ids, task_of(string.sub(member, #low + 1)))
  end
end
local names = {}
for _, id in ipairs(ids) do
  table.insert(names, id)
  table.insert(names, run_of(id))
end
load(names)
if request.action == "promote_late_result" then
  local late = {}
  for _, id in ipairs(ids) do
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
-- Whoever named a parent and its child wants both cancelled: that the one took along the other is no refusal.
local open = {}
for _, id in ipairs(request.action == "cancel" and ids or {}) do
  open[id] = known[id] and not TERMINAL[known[id].status]
end
local done, refused = {}, {}
for _, id in ipairs(ids) do
  local why = "there is no such task"
  if known[id] then
    why = apply(known[id])
  end
  if why and open[id] and known[id].status == "cancelled" then
    why = nil
  end
  if why then
    table.insert(refused, '{"task_id":' .. cjson.encode(id) .. ',"reason":' .. cjson.encode(why) .. "}")
  else
    table.insert(done, '"' .. id .. '"')
  end
end
local more = request.error_code and #ids == request.limit
local reply = '{"changed":[' .. table.concat(done, ",") .. '],"refused":[' .. table.concat(refused, ",") .. '],"more":' .. tostring(more or false) .. "}"
flush()
if #done > 0 then
  remember(reply)
end
sweep(LIMITS.sweep_per_call)
return answer_with(reply)
