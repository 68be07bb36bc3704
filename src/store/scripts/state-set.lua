-- Writes one key of the shared state; with a version, only if nobody wrote meanwhile.
read_control({ "next_due", "armed", "generation", "state_floor" })

-- What does not come to the write leaves the worker with its task, and tells it as much as any other reply.
local function along(text)
  return text and request.lease and tell_along(request.lease, text) or text
end

if request.run_id then
  load({ request.run_id })
  if not known[request.run_id] then
    return cjson.encode({ refused = "not_found", ids = { request.run_id } })
  end
end
local stored = redis.call("HGET", state, request.name)
local entry = parse_entry(stored)
local current = entry and not entry.gone and entry.version or 0
if not stored and redis.call("ZCARD", state_names) >= LIMITS.state_keys then
  return cjson.encode({ refused = "limit", limit = LIMITS.state_keys, what = "keys of the shared state" })
end

-- A re-send of a write that succeeded must meet neither its own new version as a conflict nor a lease that ended since.
if request.if_version and request.if_version ~= current then
  return along(carried_out()
    or '{"refused":"version_conflict","version":' .. current .. (current > 0 and ',"value":' .. entry.value or "") .. "}")
end
if request.lease then
  load({ request.lease.task_id })
  local worth, answer = examine(request.lease)
  if worth ~= "live" and worth ~= "late" then
    return carried_out() or refusal_of(request.lease, worth, answer)
  end
end

local version = (entry and entry.version or tonumber(control_values.state_floor or "0")) + 1
local reply = '{"version":' .. version .. "}"
if not remember(reply) then
  return along(carried_out())
end
if request.lease then
  renew_along(request.lease)
end
add_fact({ type = "state.changed", key = request.key, run_id = request.run_id, version = version })
local expires = request.ttl_seconds and now() + request.ttl_seconds * 1000 or 0
redis.call("HSET", state, request.name, version .. " " .. string.format("%.0f", expires) .. " " .. value)
if not stored then
  redis.call("ZADD", state_names, 0, request.name)
end
if expires > 0 then
  stand_timer("state:" .. request.name, expires)
end
flush()
sweep(LIMITS.sweep_per_call)
return answer_with(with_notices(reply))
