-- What should have been handed to QStash and shows no sign of it, to be sent again; endpoints whose deliveries are held
-- with nothing in the way, since whoever was to release them died; and removes what has been kept for long enough.
local plans, releases = {}, {}
local last = string.format("%.0f", now_ms - LIMITS.webhook_overdue_ms)
for _, id in ipairs(redis.call("ZRANGE", outbox, "-inf", last, "BYSCORE", "LIMIT", 0, LIMITS.webhook_deliveries_per_step)) do
  local delivery = read_delivery(id)
  if not delivery then
    redis.call("ZREM", outbox, id)
  elseif (delivery.busy_until_ms or 0) <= now_ms then
    table.insert(plans, planned(delivery))
  end
end

local function look(endpoint_id, first)
  local endpoint = read_endpoint(endpoint_id)
  if endpoint and obstacle(endpoint) then
    return
  elseif endpoint and endpoint.open_until_ms then
    -- The one that was to probe is gone.
    local delivery = read_delivery(first)
    plan(delivery, place_for(delivery, endpoint).due_at)
    table.insert(plans, planned(delivery))
  else
    table.insert(releases, cjson.encode(endpoint_id))
  end
end

local after = "-"
for _ = 1, 2 * LIMITS.webhook_endpoints do
  local head = redis.call("ZRANGE", held, after, "+", "BYLEX", "LIMIT", 0, 1)[1]
  if not head then
    break
  end
  local endpoint_id, id = string.match(head, "^(w%d+)|(.*)$")
  look(endpoint_id, id)
  after = "(" .. endpoint_id .. "}"
end

local old = "(" .. string.format("%013.0f", now_ms - LIMITS.run_kept_ms)
local members = redis.call("ZRANGE", delivery_index, "-", old, "BYLEX", "LIMIT", 0, LIMITS.webhook_deliveries_per_step)
forget_deliveries(members)
return '{"now":'
  .. string.format("%.0f", now_ms)
  .. ',"overdue":'
  .. list_of(plans)
  .. ',"releases":'
  .. list_of(releases)
  .. ',"removed":'
  .. #members
  .. "}"
