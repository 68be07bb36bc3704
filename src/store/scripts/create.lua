-- Creates tasks in one run, all or nothing: one task, or a workflow of them. Dependencies name tasks of the same call
-- by their number in it, or existing tasks by id. With a lease they become children of its task.
local names = { "next_due", "armed", "generation", "types", "run_seq", "lane_seq", "free_lanes" }
for _, agent_type in ipairs(request.agent_types) do
  table.insert(names, "lanes:" .. agent_type)
  table.insert(names, "watch:" .. agent_type)
end
read_control(names)

local before, conflict = made_before()
if conflict then
  return conflict
elseif before then
  return request.lease and tell_along(request.lease, before.reply) or before.reply
end

local tasks, run, parent, refusal
if request.lease then
  parent, refusal = read_parent(request.lease)
end
if not refusal then
  run, refusal = find_run()
end
if run then
  tasks, refusal = build_tasks(run)
end
if refusal then
  -- A re-send of a creation that succeeded may meet a limit that it reached itself, or a lease that ended since.
  return redis.call("GET", operation) or (type(refusal) == "string" and refusal or cjson.encode(refusal))
end

if request.dry_run then
  -- Nothing is flushed, so that nothing was written.
  return reply_for(run, tasks, open_upstream())
end
local reply = reply_for(run, tasks)
local first = redis.call("SET", operation, reply, "NX", "EX", LIMITS.operation_id_seconds)
if not first then
  return redis.call("GET", operation)
end
-- The key lives as long as what it made: it goes with the first task.
tasks[1].idempotency_key = request.idempotency_key
store_tasks(run, tasks)
if parent then
  adopt(parent, tasks)
  renew_along(request.lease)
end
flush()
if request.idempotency_key then
  -- Not before: whoever sends the same again is told that it was done.
  local value = cjson.encode({ fingerprint = request.fingerprint, reply = reply })
  redis.call("HSET", idempotency, request.idempotency_key, value)
end
sweep(LIMITS.sweep_per_call)
return answer_with(with_notices(reply))
