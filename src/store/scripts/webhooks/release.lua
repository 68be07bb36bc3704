-- Plans what was held for an endpoint, a batch at a time, once nothing is in the way any more. Where the endpoint was
-- deleted it is over.
local endpoint = read_endpoint(request.endpoint_id)
local members = {}
if not endpoint or not obstacle(endpoint) then
  members = held_for(request.endpoint_id, LIMITS.webhook_deliveries_per_step)
end
local ids, plans = {}, {}
for i, member in ipairs(members) do
  ids[i] = string.match(member, "|(.*)$")
end
for _, text in ipairs(#ids > 0 and redis.call("HMGET", deliveries, unpack(ids)) or {}) do
  local delivery = text and cjson.decode(text)
  if delivery and not endpoint then
    bury_delivery(delivery)
  elseif delivery then
    local place = place_for(delivery, endpoint)
    if place.due_at then
      plan(delivery, place.due_at)
      table.insert(plans, planned(delivery))
    end
  end
end
local more = #members == LIMITS.webhook_deliveries_per_step and (not endpoint or not obstacle(endpoint))
return '{"planned":' .. list_of(plans) .. ',"more":' .. tostring(more) .. "}"
