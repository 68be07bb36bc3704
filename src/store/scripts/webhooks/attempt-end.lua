-- Notes how an attempt ended: delivered, given up, or to be tried again. The first report of a planned attempt counts.
local delivery = read_delivery(request.delivery_id)
if not delivery or delivery.turn ~= request.turn or delivery.status ~= "waiting" then
  return '{"planned":[]}'
end
note_result(delivery, request.result)
delivery.attempts = delivery.attempts + 1

local due_at = request.outcome == "again" and now_ms + request.pause_ms
local plans, release = {}, false

-- Has one delivery probe once the breaker's pause is over: this one if its own time has come by then, else the first that
-- is held. This one keeps to its schedule.
local function choose_probe(endpoint)
  endpoint.probe = due_at and delivery.delivery_id or nil
  if due_at and due_at <= endpoint.open_until_ms then
    due_at = endpoint.open_until_ms
    return
  end
  local first = held_for(endpoint.endpoint_id, 1)[1]
  local other = first and read_delivery(string.match(first, "|(.*)$"))
  if other then
    plan(other, math.max(endpoint.open_until_ms, now_ms))
    table.insert(plans, planned(other))
    endpoint.probe = other.delivery_id
  end
end

local function close(endpoint)
  endpoint.failures, endpoint.open_until_ms, endpoint.pause_ms, endpoint.probe = nil, nil, nil, nil
end

-- Failures in a row open the endpoint's breaker: nothing is sent for a while, and none of that counts as an attempt. What
-- was under way when it opened says nothing new, and a test that somebody asked for makes the pause no longer.
local function count_failure(endpoint)
  endpoint.failures = (endpoint.failures or 0) + 1
  local open, probed = endpoint.open_until_ms, endpoint.probe == delivery.delivery_id
  if endpoint.failures >= LIMITS.webhook_failures and (probed or not open) then
    local asked = endpoint.pause_ms and delivery.type == "webhook.test" and delivery.attempts == 1
    local longer = asked and endpoint.pause_ms or (endpoint.pause_ms or LIMITS.breaker_pause_ms / 2) * 2
    endpoint.pause_ms = math.min(longer, LIMITS.breaker_pause_max_ms)
    endpoint.open_until_ms = now_ms + endpoint.pause_ms
    choose_probe(endpoint)
  end
end

local function judge(endpoint)
  if request.outcome == "delivered" then
    release = endpoint.open_until_ms ~= nil
    close(endpoint)
  elseif request.gone then
    close(endpoint)
    endpoint.status = "disabled"
    endpoint.disabled_because = "It answered 410 Gone."
  elseif not request.ours and endpoint.status ~= "disabled" then
    count_failure(endpoint)
  elseif endpoint.probe == delivery.delivery_id then
    choose_probe(endpoint)
  end
  write_endpoint(endpoint)
end

local endpoint = read_endpoint(delivery.endpoint_id)
if endpoint and (request.outcome ~= "delivered" or endpoint.failures) then
  judge(endpoint)
end
if due_at then
  plan(delivery, due_at)
  table.insert(plans, planned(delivery))
else
  finish(delivery, request.outcome)
end
return '{"planned":' .. list_of(plans) .. (release and ',"release":true' or "") .. "}"
