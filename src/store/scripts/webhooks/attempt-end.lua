-- Notes how an attempt ended: delivered, given up, or to be tried again. The first report of a planned attempt counts.
local delivery = read_delivery(request.delivery_id)
if not delivery or delivery.turn ~= request.turn or delivery.status ~= "waiting" then
  return "{}"
end
local results = delivery.results or {}
table.insert(results, request.result)
while #results > LIMITS.webhook_results do
  table.remove(results, 1)
end
delivery.results = results
delivery.attempts = delivery.attempts + 1

-- Failures in a row open the endpoint's breaker: nothing is sent for a while, and none of that counts as an attempt.
local function judge(endpoint)
  if request.outcome == "delivered" then
    endpoint.failures, endpoint.open_until_ms, endpoint.pause_ms = nil, nil, nil
  elseif request.gone then
    endpoint.status = "disabled"
    endpoint.disabled_because = "It answered 410 Gone."
  else
    endpoint.failures = (endpoint.failures or 0) + 1
    if endpoint.failures >= LIMITS.webhook_failures then
      endpoint.pause_ms = math.min((endpoint.pause_ms or LIMITS.breaker_pause_ms / 2) * 2, LIMITS.breaker_pause_max_ms)
      endpoint.open_until_ms = now_ms + endpoint.pause_ms
    end
  end
  write_endpoint(endpoint)
end

local endpoint = read_endpoint(delivery.endpoint_id)
if endpoint and (request.outcome ~= "delivered" or endpoint.failures) then
  judge(endpoint)
end
if request.outcome == "again" then
  plan(delivery, now_ms + request.pause_ms)
  return '{"planned":' .. planned(delivery) .. "}"
end
delivery.status = request.outcome
delivery.due_at, delivery.busy_until_ms = nil, nil
write_delivery(delivery)
return "{}"
