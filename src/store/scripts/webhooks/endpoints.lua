-- Lists the endpoints of a project, or makes, changes or deletes one. Sent twice, a call has one effect.
local before = operation and carried_out()
if before then
  return before
end
local ids = endpoint_ids()

local function make()
  if #ids >= LIMITS.webhook_endpoints then
    return nil, cjson.encode({ refused = "limit", limit = LIMITS.webhook_endpoints, what = "webhook endpoints" })
  end
  local number = redis.call("HINCRBY", webhooks, "seq", 1)
  local endpoint = request.endpoint
  endpoint.endpoint_id = "w" .. number
  endpoint.created_at = now_ms
  endpoint.status = "active"
  -- It hears of what happens from now on.
  local newest = redis.call("XREVRANGE", events, "+", "-", "COUNT", 1)[1]
  endpoint.since = newest and newest[1] or "0-0"
  if #ids == 0 then
    redis.call("HSET", webhooks, "scanned", endpoint.since)
    redis.call("HSET", control, "webhooks", "1")
  end
  table.insert(ids, endpoint.endpoint_id)
  redis.call("HSET", webhooks, "ids", cjson.encode(ids))
  write_endpoint(endpoint)
  return endpoint
end

-- The secret that was valid signs along for a while, so that no delivery fails while the receiver changes over.
local function rotate(endpoint)
  endpoint.secrets[1].until_ms = now_ms + LIMITS.webhook_secret_overlap_ms
  local kept = { { secret = request.secret } }
  for _, old in ipairs(endpoint.secrets) do
    if old.until_ms > now_ms and #kept < LIMITS.webhook_secrets then
      table.insert(kept, old)
    end
  end
  endpoint.secrets = kept
end

local function change(endpoint)
  for _, field in ipairs(request.cleared or {}) do
    endpoint[field] = nil
  end
  for field, value in pairs(request.fields or {}) do
    endpoint[field] = value
  end
  if request.secret then
    rotate(endpoint)
  end
  -- Its owner says that it works again, or is another one: the caller releases what was held.
  if request.fields and (request.fields.status == "active" or request.fields.url) then
    endpoint.failures, endpoint.open_until_ms, endpoint.pause_ms, endpoint.probe = nil, nil, nil, nil
  end
  if endpoint.status ~= "disabled" then
    endpoint.disabled_because = nil
  end
  write_endpoint(endpoint)
  return endpoint
end

-- Its deliveries go with their retention; none of them is attempted any more.
local function delete(endpoint)
  local left = {}
  for _, id in ipairs(ids) do
    if id ~= endpoint.endpoint_id then
      table.insert(left, id)
    end
  end
  redis.call("HDEL", webhooks, "endpoint:" .. endpoint.endpoint_id)
  redis.call("HSET", webhooks, "ids", #left > 0 and cjson.encode(left) or "[]")
  if #left == 0 then
    redis.call("HDEL", control, "webhooks")
  end
  return endpoint
end

local changed
if request.action == "list" then
  return '{"now":' .. string.format("%.0f", now_ms) .. ',"endpoints":' .. list_of(all_endpoints()) .. "}"
elseif request.action == "make" then
  local refusal
  changed, refusal = make()
  if refusal then
    return refusal
  end
else
  local endpoint = read_endpoint(request.endpoint_id)
  if not endpoint then
    return cjson.encode({ refused = "not_found", ids = { request.endpoint_id } })
  end
  changed = request.action == "delete" and delete(endpoint) or change(endpoint)
end
local reply = '{"now":' .. string.format("%.0f", now_ms) .. ',"endpoints":[' .. cjson.encode(changed) .. "]}"
remember(reply)
return reply
