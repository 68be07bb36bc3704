-- Makes a staged workflow visible, all of it in one moment, and begins to put its tasks in their places.
read_control({ "next_due", "armed", "generation", "types" })
local stored = request.idempotency_key and redis.call("HGET", idempotency, request.idempotency_key)
local before = stored and cjson.decode(stored).reply or redis.call("GET", operation)
-- A key whose staging was swept may have made something else since.
local of_this_run = '{"run_id":"' .. request.run_id .. '"'
if before and string.sub(before, 1, #of_this_run) == of_this_run then
  return before
end
local staging = read_staging(request.run_id)
if not staging or staging.abandoned or staging.staged < staging.total then
  return '{"refused":"not_found"}'
end
local reply = '{"run_id":"'
  .. staging.run_id
  .. '","types":'
  .. (control_values.types or "{}")
  .. ',"tasks":'
  .. staging.total
  .. ',"ready":'
  .. staging.ready
  .. "}"
local run = launch(staging)
activate_batch(run, LIMITS.edges_per_call)
flush()
redis.call("SET", operation, reply, "EX", LIMITS.operation_id_seconds)
if staging.idempotency_key then
  local value = cjson.encode({ fingerprint = staging.fingerprint, reply = reply })
  redis.call("HSET", idempotency, staging.idempotency_key, value)
end
sweep(LIMITS.sweep_per_call)
return answer_with(reply)
