-- Webhook endpoints and deliveries as they are stored. What is sent lies in a delivery as text and is never decoded here.
-- Depends on: clock; keys webhooks, deliveries, delivery_index and outbox.

local now_ms = read_clock()

local function endpoint_ids()
  return cjson.decode(redis.call("HGET", webhooks, "ids") or "[]")
end

local function read_endpoint(id)
  local text = redis.call("HGET", webhooks, "endpoint:" .. id)
  return text and cjson.decode(text)
end

local function write_endpoint(endpoint)
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

-- Writes a delivery, and has it wait in the outbox exactly while an attempt is due.
local function write_delivery(delivery)
  redis.call("HSET", deliveries, delivery.delivery_id, cjson.encode(delivery))
  if delivery.due_at then
    redis.call("ZADD", outbox, string.format("%.0f", delivery.due_at), delivery.delivery_id)
  else
    redis.call("ZREM", outbox, delivery.delivery_id)
  end
end

-- Sorts by time, and names the delivery.
local function index_member(delivery)
  return string.format("%013.0f", delivery.created_at) .. "|" .. delivery.delivery_id
end

-- Plans the next attempt. Whatever was planned before means nothing any more.
local function plan(delivery, due_at)
  delivery.turn = delivery.turn + 1
  delivery.due_at = due_at
  delivery.busy_until_ms = nil
  write_delivery(delivery)
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
