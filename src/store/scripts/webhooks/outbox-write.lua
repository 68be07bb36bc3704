-- Writes the deliveries for what happened from one event to another, unless somebody else has been that far already: two
-- that read the same events make each delivery once. Without `from` they are about no event, and known by their ids.
local scanned = request.from and (redis.call("HGET", webhooks, "scanned") or "0-0")
if scanned ~= request.from then
  return '{"written":false,"planned":[]}'
end
local records, dues, holds, members, plans = {}, {}, {}, {}, {}

local function known(id)
  local delivery = not request.from and read_delivery(id)
  if delivery and delivery.due_at then
    table.insert(plans, planned(delivery))
  end
  return delivery
end

local places = {}

-- The same for all of an endpoint, except that one of them may probe.
local function placed(delivery, endpoint)
  local place = places[endpoint.endpoint_id] or place_for(delivery, endpoint)
  places[endpoint.endpoint_id] = endpoint.open_until_ms and { held = place.held or "breaker" } or place
  return place
end

local function add(delivery, place)
  delivery.created_at, delivery.status, delivery.attempts, delivery.turn = now_ms, "waiting", 0, 1
  delivery.due_at, delivery.held = place.due_at, place.held
  if place.due_at then
    table.insert(dues, string.format("%.0f", place.due_at))
    table.insert(dues, delivery.delivery_id)
    table.insert(plans, planned(delivery))
  else
    table.insert(holds, 0)
    table.insert(holds, held_member(delivery))
  end
  table.insert(records, delivery.delivery_id)
  table.insert(records, cjson.encode(delivery))
  table.insert(members, 0)
  table.insert(members, index_member(delivery))
end

-- About no event: somebody asks whether it works now. That probes at once; the one that was to probe is held when its time
-- comes.
local function probe_with(delivery, endpoint)
  if endpoint.open_until_ms and endpoint.status == "active" then
    endpoint.open_until_ms, endpoint.probe = math.min(endpoint.open_until_ms, now_ms), delivery.delivery_id
    write_endpoint(endpoint)
  end
end

for _, delivery in ipairs(request.deliveries) do
  -- It may have been deleted or disabled since the caller looked.
  local endpoint = read_endpoint(delivery.endpoint_id)
  if endpoint and endpoint.status ~= "disabled" and not known(delivery.delivery_id) then
    if not request.from then
      probe_with(delivery, endpoint)
    end
    add(delivery, placed(delivery, endpoint))
  end
end
in_pieces(records, function(...)
  redis.call("HSET", deliveries, ...)
end)
in_pieces(dues, function(...)
  redis.call("ZADD", outbox, ...)
end)
in_pieces(holds, function(...)
  redis.call("ZADD", held, ...)
end)
in_pieces(members, function(...)
  redis.call("ZADD", delivery_index, ...)
end)
if #members > 0 then
  forget_deliveries(surplus_deliveries())
end
if request.to then
  redis.call("HSET", webhooks, "scanned", request.to)
end
return '{"written":true,"planned":' .. list_of(plans) .. "}"
