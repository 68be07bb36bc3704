-- Writes the deliveries for what happened from one event to another, unless somebody else has been that far already: two
-- that read the same events make each delivery once. Without `from` they are about no event.
if request.from and (redis.call("HGET", webhooks, "scanned") or "0-0") ~= request.from then
  return '{"written":false}'
end
for _, delivery in ipairs(request.deliveries) do
  delivery.created_at = now_ms
  delivery.due_at = delivery.due and now_ms or nil
  delivery.due = nil
  write_delivery(delivery)
  redis.call("ZADD", delivery_index, 0, index_member(delivery))
end
if request.to then
  redis.call("HSET", webhooks, "scanned", request.to)
end
return '{"written":true}'
