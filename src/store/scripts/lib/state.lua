-- One entry of the shared state: "<version> <expiry in ms, or 0> <JSON>". The JSON is never decoded here.
-- Depends on: unit, lease, notices.

local function parse_entry(text)
  if not text then
    return nil
  end
  local version, expires, value = string.match(text, "^(%d+) (%d+) (.*)$")
  expires = tonumber(expires)
  return {
    version = tonumber(version),
    expires = expires,
    value = value,
    gone = expires > 0 and expires <= now(),
  }
end

local function shown_entry(name, entry)
  return '{"name":' .. cjson.encode(name) .. ',"version":' .. entry.version .. ',"value":' .. entry.value .. "}"
end

-- Renews the lease that came along; returns a refusal where it is no longer worth anything.
local function renew_along(lease)
  if not lease then
    return nil
  end
  load({ lease.task_id, run_of(lease.task_id) })
  local worth, answer = renew_by(lease)
  if worth ~= "live" then
    return refusal_of(lease, worth, answer)
  end
  tell_holder(known[lease.task_id])
end

-- A reply that changes nothing but what the worker knows, and its lease.
local function tell_along(lease, text)
  renew_along(lease)
  return answer_with(with_notices(text))
end
