-- Stages a batch of a workflow that is too large for one script. What is staged lies under its final names, but without
-- its run nothing of it exists for anybody. Each task is staged once, however often its batch is sent. The first batch
-- takes the run's number and all lanes of the workflow; what it refuses, no later one can.
local names = { "next_due", "armed", "generation", "run_seq", "lane_seq", "free_lanes" }
for _, agent_type in ipairs(request.agent_types) do
  table.insert(names, "lanes:" .. agent_type)
end
read_control(names)
local before, conflict = made_before()
if conflict then
  return conflict
elseif before and before.reply then
  return '{"done":' .. before.reply .. "}"
end

local run_id = request.run_id or (before and before.run_id) or redis.call("GET", operation)
local staging = run_id and read_staging(run_id)
if staging and staging.abandoned then
  staging = nil
end
if run_id and known[run_id] then
  -- A re-send that comes when all is over.
  return '{"run_id":"' .. run_id .. '"}'
elseif request.run_id and not staging then
  return '{"refused":"not_found"}'
end
local refusal = refuse_upstream()
if refusal then
  return cjson.encode(refusal)
end
for _, lane in ipairs(request.lanes) do
  if not lane_of(lane, 0) then
    return cjson.encode({ refused = "limit", limit = LIMITS.lanes, what = "lanes" })
  end
end

if not staging then
  staging = begin_staging()
  redis.call("SET", operation, staging.run_id, "EX", LIMITS.operation_id_seconds)
  if request.idempotency_key then
    redis.call("HSET", idempotency, request.idempotency_key, cjson.encode({ fingerprint = request.fingerprint, run_id = staging.run_id }))
  end
end
stage_tasks(staging)
flush()
sweep(LIMITS.sweep_per_call)
return answer_with('{"run_id":"' .. staging.run_id .. '"}')
