-- Whether a request has been carried out before: sent again by the Worker, which is known by its operation id, or by the
-- caller, known by the idempotency key (then it has a fingerprint).
-- Depends on: key operation.

local carried_out, remember
do
  -- The reply that it had, or the refusal of another request with its idempotency key; nothing where it is new.
  function carried_out()
    local fingerprint, reply = string.match(redis.call("GET", operation) or "", "^(%S*) (.*)$")
    if reply and fingerprint ~= (request.fingerprint or "") then
      return '{"refused":"idempotency_conflict"}'
    end
    return reply
  end

  -- False where it has been carried out already: then nothing is written.
  function remember(reply)
    local kept_for = request.fingerprint and LIMITS.idempotency_seconds or LIMITS.operation_id_seconds
    return redis.call("SET", operation, (request.fingerprint or "") .. " " .. reply, "NX", "EX", kept_for)
  end
end
