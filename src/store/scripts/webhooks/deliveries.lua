-- Lists deliveries, newest first, or plans those of the page anew (`replay`). One call looks at a bounded number and says
-- where to go on. What an endpoint left when it was deleted is buried where it is seen.
local function page()
  if request.delivery_id then
    return { "|" .. request.delivery_id }
  end
  local from = request.before and "(" .. request.before or "+"
  local to = request.since and "[" .. string.format("%013.0f", request.since) or "-"
  return redis.call("ZRANGE", delivery_index, from, to, "BYLEX", "REV", "LIMIT", 0, LIMITS.list_cap)
end

local members, ids = page(), {}
for i, member in ipairs(members) do
  ids[i] = string.match(member, "|(.*)$")
end
local found, plans, replayed, last = {}, {}, 0, nil

local function replay(delivery, endpoint)
  replayed = replayed + 1
  delivery.status = "waiting"
  delivery.attempts = 0
  local place = place_for(delivery, endpoint)
  if place.held then
    put(delivery, place)
  else
    plan(delivery, place.due_at)
    table.insert(plans, planned(delivery))
  end
end

for i, text in ipairs(#ids > 0 and redis.call("HMGET", deliveries, unpack(ids)) or {}) do
  local delivery = text and cjson.decode(text)
  local waits = delivery and delivery.status == "waiting" and (delivery.busy_until_ms or 0) <= now_ms
  if waits and not read_endpoint(delivery.endpoint_id) then
    bury_delivery(delivery)
  end
  local wanted = delivery
    and (not request.endpoint_id or delivery.endpoint_id == request.endpoint_id)
    and (not request.status or delivery.status == request.status)
  if wanted then
    local endpoint = request.replay and read_endpoint(delivery.endpoint_id)
    if endpoint then
      replay(delivery, endpoint)
    end
    table.insert(found, cjson.encode(delivery))
  end
  last = members[i]
  if #found == request.limit then
    break
  end
end
local more = last and (#found == request.limit or #members == LIMITS.list_cap)
return '{"now":'
  .. string.format("%.0f", now_ms)
  .. ',"next":'
  .. (more and cjson.encode(last) or "null")
  .. ',"deliveries":'
  .. list_of(found)
  .. ',"planned":'
  .. list_of(plans)
  .. ',"replayed":'
  .. replayed
  .. "}"
