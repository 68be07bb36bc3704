-- What should have been handed to QStash and shows no sign of it, to be sent again; and removes what has been kept for
-- long enough.
local overdue = {}
local last = string.format("%.0f", now_ms - LIMITS.webhook_overdue_ms)
for _, id in ipairs(redis.call("ZRANGE", outbox, "-inf", last, "BYSCORE", "LIMIT", 0, LIMITS.webhook_deliveries_per_step)) do
  local delivery = read_delivery(id)
  if not delivery or not delivery.due_at then
    redis.call("ZREM", outbox, id)
  elseif (delivery.busy_until_ms or 0) <= now_ms then
    table.insert(overdue, planned(delivery))
  end
end
local old = "(" .. string.format("%013.0f", now_ms - LIMITS.run_kept_ms)
local members = redis.call("ZRANGE", delivery_index, "-", old, "BYLEX", "LIMIT", 0, LIMITS.webhook_deliveries_per_step)
local surplus = redis.call("ZCARD", delivery_index) - LIMITS.webhook_deliveries_kept
if #members == 0 and surplus > 0 then
  members = redis.call("ZRANGE", delivery_index, "-", "+", "BYLEX", "LIMIT", 0, math.min(surplus, LIMITS.webhook_deliveries_per_step))
end
local ids = {}
for i, member in ipairs(members) do
  ids[i] = string.match(member, "|(.*)$")
end
if #members > 0 then
  redis.call("ZREM", delivery_index, unpack(members))
  redis.call("HDEL", deliveries, unpack(ids))
  redis.call("ZREM", outbox, unpack(ids))
end
return '{"now":' .. string.format("%.0f", now_ms) .. ',"overdue":' .. list_of(overdue) .. ',"removed":' .. #members .. "}"
