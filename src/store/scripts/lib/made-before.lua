-- What was created under the caller's idempotency key. The key lives as long as that does.
-- Depends on: key idempotency.

-- The entry of the key; or nothing and the refusal of another request with the same key.
local function made_before()
  local stored = request.idempotency_key and redis.call("HGET", idempotency, request.idempotency_key)
  local before = stored and cjson.decode(stored) or nil
  if before and before.fingerprint ~= request.fingerprint then
    return nil, '{"refused":"idempotency_conflict"}'
  end
  return before
end
