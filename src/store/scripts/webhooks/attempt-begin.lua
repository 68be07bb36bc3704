-- Begins the planned attempt of a delivery, or says why not. A message that comes twice, late or early does nothing.
local delivery = read_delivery(request.delivery_id)

if not delivery or delivery.turn ~= request.turn or delivery.status ~= "waiting" or not delivery.due_at then
  return '{"outcome":"over"}'
end
local endpoint = read_endpoint(delivery.endpoint_id)
if not endpoint then
  bury_delivery(delivery)
  return '{"outcome":"over"}'
elseif (delivery.busy_until_ms or 0) > now_ms then
  return '{"outcome":"busy"}'
elseif delivery.due_at > now_ms + LIMITS.tick_early_ms then
  return '{"outcome":"early"}'
end
local place = place_for(delivery, endpoint)
if place.held then
  put(delivery, place)
  return '{"outcome":"held"}'
elseif place.due_at > now_ms then
  plan(delivery, place.due_at)
  return '{"outcome":"later","planned":' .. planned(delivery) .. "}"
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
