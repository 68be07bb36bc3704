-- Webhook endpoints and deliveries as they are stored. What is sent lies in a delivery as text and is never decoded here.
-- Depends on: clock, pieces; keys webhooks, deliveries, delivery_index, outbox and held.

local now_ms = read_clock()

local function endpoint_ids()
  return cjson.decode(redis.call("HGET", webhooks, "ids") or "[]")
end

local endpoints_read = {}

-- The endpoint, or false where it was deleted.
local function read_endpoint(id)
  if endpoints_read[id] == nil then
    local text = redis.call("HGET", webhooks, "endpoint:" .. id)
    endpoints_read[id] = text and cjson.decode(text)
  end
  return endpoints_read[id]
end

local function write_endpoint(endpoint)
  endpoints_read[endpoint.endpoint_id] = endpoint
  redis.call("HSET", webhooks, "endpoint:" .. endpoint.endpoint_id, cjson.encode(endpoint))
end

local function all_endpoints()
  local ids, names = endpoint_ids(), {}
  if #ids == 0 then
    return {}
  end
  for i, id in ipairs(ids) do
    names[i] = "endpoint:" .. id
  end
  return redis.call("HMGET", webhooks, unpack(names))
end

local function read_delivery(id)
  local text = redis.call("HGET", deliveries, id)
  return text and cjson.decode(text)
end

local function write_delivery(delivery)
  redis.call("HSET", deliveries, delivery.delivery_id, cjson.encode(delivery))
end

-- Sorts by time, and names the delivery.
local function index_member(delivery)
  return string.format("%013.0f", delivery.created_at) .. "|" .. delivery.delivery_id
end

local function held_member(delivery)
  return delivery.endpoint_id .. "|" .. delivery.delivery_id
end

-- What is held for an endpoint, the oldest first.
local function held_for(endpoint_id, limit)
  return redis.call("ZRANGE", held, "[" .. endpoint_id .. "|", "(" .. endpoint_id .. "}", "BYLEX", "LIMIT", 0, limit)
end

-- A delivery that waits stands in one place: in the outbox while an attempt is planned (`due_at`), or among the held (`held`
-- says why). Whatever was planned before means nothing any more.
local function put(delivery, place)
  if delivery.held and not place.held then
    redis.call("ZREM", held, held_member(delivery))
  elseif place.held and not delivery.held then
    redis.call("ZADD", held, 0, held_member(delivery))
  end
  if place.due_at then
    redis.call("ZADD", outbox, string.format("%.0f", place.due_at), delivery.delivery_id)
  elseif delivery.due_at then
    redis.call("ZREM", outbox, delivery.delivery_id)
  end
  delivery.due_at, delivery.held, delivery.busy_until_ms = place.due_at, place.held, nil
  write_delivery(delivery)
end

local function plan(delivery, due_at)
  delivery.turn = delivery.turn + 1
  put(delivery, { due_at = due_at })
end

local function finish(delivery, status)
  delivery.status = status
  put(delivery, {})
end

-- The first part of an answer is kept of the last attempts only: it is the largest part of a delivery.
local function note_result(delivery, result)
  local results = delivery.results or {}
  table.insert(results, result)
  if #results > LIMITS.webhook_results then
    table.remove(results, 1)
  end
  local outdated = results[#results - LIMITS.webhook_answers]
  if outdated then
    outdated.body = nil
  end
  delivery.results = results
end

-- Its endpoint was deleted.
local function bury_delivery(delivery)
  note_result(delivery, { at = now_ms, status = 0, ms = 0, error = "The endpoint was deleted." })
  finish(delivery, "dead")
end

-- Why nothing but the delivery that probes may be sent to the endpoint; nil where nothing is in the way. While the
-- breaker is open there is one that probes, as soon as the pause is over; the others are held until it got through.
local function obstacle(endpoint)
  if endpoint.status ~= "active" then
    return endpoint.status
  elseif not endpoint.open_until_ms then
    return nil
  end
  local probe = endpoint.probe and read_delivery(endpoint.probe)
  local probes = probe
    and probe.status == "waiting"
    and probe.due_at
    and probe.due_at <= math.max(endpoint.open_until_ms, now_ms)
  return probes and "breaker" or nil
end

-- Where a delivery belongs that may be attempted at once, as far as it is concerned.
local function place_for(delivery, endpoint)
  local why = obstacle(endpoint)
  if why and not (why == "breaker" and endpoint.probe == delivery.delivery_id) then
    return { held = why }
  end
  if endpoint.open_until_ms and endpoint.probe ~= delivery.delivery_id then
    endpoint.probe = delivery.delivery_id
    write_endpoint(endpoint)
  end
  return { due_at = math.max(endpoint.open_until_ms or 0, now_ms) }
end

local function list_of(texts)
  return "[" .. table.concat(texts, ",") .. "]"
end

-- What is to be handed to QStash for a planned attempt.
local function planned(delivery)
  return cjson.encode({
    delivery_id = delivery.delivery_id,
    endpoint_id = delivery.endpoint_id,
    turn = delivery.turn,
    due_at = delivery.due_at,
  })
end

local function forget_deliveries(members)
  local ids, names = {}, {}
  for i, member in ipairs(members) do
    ids[i] = string.match(member, "|(.*)$")
    names[i] = string.match(ids[i], "_(w%d+)$") .. "|" .. ids[i]
  end
  in_pieces(ids, function(...)
    redis.call("HDEL", deliveries, ...)
    redis.call("ZREM", outbox, ...)
  end)
  in_pieces(names, function(...)
    redis.call("ZREM", held, ...)
  end)
  in_pieces(members, function(...)
    redis.call("ZREM", delivery_index, ...)
  end)
end

-- What is beyond the number that is kept, the oldest first.
local function surplus_deliveries()
  local surplus = redis.call("ZCARD", delivery_index) - LIMITS.webhook_deliveries_kept
  if surplus <= 0 then
    return {}
  end
  local limit = math.min(surplus, 2 * LIMITS.webhook_deliveries_per_step)
  return redis.call("ZRANGE", delivery_index, "-", "+", "BYLEX", "LIMIT", 0, limit)
end
