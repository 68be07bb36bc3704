-- Begins the planned attempt of a delivery, or says why not. A message that comes twice, late or early does nothing.
local delivery = read_delivery(request.delivery_id)
local endpoint = delivery and read_endpoint(delivery.endpoint_id)

local function later(due_at)
  plan(delivery, due_at)
  return '{"outcome":"later","planned":' .. planned(delivery) .. "}"
end

if not delivery or delivery.turn ~= request.turn or delivery.status ~= "waiting" or not delivery.due_at then
  return '{"outcome":"over"}'
elseif not endpoint or endpoint.status ~= "active" then
  -- Deleted: it is over. Paused or disabled: it waits until somebody has the endpoint go on.
  delivery.status = endpoint and "waiting" or "dead"
  delivery.due_at = nil
  write_delivery(delivery)
  return '{"outcome":"over"}'
elseif (delivery.busy_until_ms or 0) > now_ms then
  return '{"outcome":"busy"}'
elseif delivery.due_at > now_ms + LIMITS.tick_early_ms then
  return '{"outcome":"early"}'
elseif (endpoint.open_until_ms or 0) > now_ms then
  return later(endpoint.open_until_ms)
end
if endpoint.open_until_ms then
  -- This one probes; the others wait for what comes of it.
  endpoint.open_until_ms = now_ms + LIMITS.webhook_busy_ms
  write_endpoint(endpoint)
end
delivery.busy_until_ms = now_ms + LIMITS.webhook_busy_ms
write_delivery(delivery)
return '{"outcome":"go","now":'
  .. string.format("%.0f", now_ms)
  .. ',"delivery":'
  .. cjson.encode(delivery)
  .. ',"endpoint":'
  .. cjson.encode(endpoint)
  .. "}"
