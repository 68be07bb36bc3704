-- Compares webhook deliveries with the places in which they wait and with their list: first the records, then what is left
-- over in each index.
-- Depends on: unit, audit; keys deliveries, delivery_index, outbox and held.

local audit_deliveries, audit_places
do
  -- By phase: the index, and how a member of it names its delivery.
  local INDEXES = {
    outbox = {
      pattern = "^(.*)$",
      scores = function(...)
        return redis.call("ZMSCORE", outbox, ...)
      end,
      put = function(score, member)
        redis.call("ZADD", outbox, score, member)
      end,
      drop = function(member)
        redis.call("ZREM", outbox, member)
      end,
      page = function(from)
        return redis.call("ZRANGE", outbox, from, from + LIMITS.audit_page - 1)
      end,
    },
    held = {
      pattern = "|(.*)$",
      scores = function(...)
        return redis.call("ZMSCORE", held, ...)
      end,
      put = function(score, member)
        redis.call("ZADD", held, score, member)
      end,
      drop = function(member)
        redis.call("ZREM", held, member)
      end,
      page = function(from)
        return redis.call("ZRANGE", held, from, from + LIMITS.audit_page - 1)
      end,
    },
    listed = {
      pattern = "|(.*)$",
      scores = function(...)
        return redis.call("ZMSCORE", delivery_index, ...)
      end,
      put = function(score, member)
        redis.call("ZADD", delivery_index, score, member)
      end,
      drop = function(member)
        redis.call("ZREM", delivery_index, member)
      end,
      page = function(from)
        return redis.call("ZRANGE", delivery_index, from, from + LIMITS.audit_page - 1)
      end,
    },
  }

  local function member_in(phase, delivery)
    if phase == "outbox" then
      return delivery.delivery_id
    elseif phase == "held" then
      return delivery.endpoint_id .. "|" .. delivery.delivery_id
    end
    return string.format("%013.0f", delivery.created_at) .. "|" .. delivery.delivery_id
  end

  -- Its score there; nothing where it does not belong.
  local function score_in(phase, delivery)
    if phase == "listed" then
      return 0
    elseif delivery.status ~= "waiting" then
      return nil
    elseif phase == "held" then
      return delivery.held and 0 or nil
    end
    return delivery.due_at
  end

  -- Where it stands for nothing is found in the index.
  local function mend(phase, delivery, actual)
    local member, due = member_in(phase, delivery), score_in(phase, delivery)
    if not due or actual == due then
      return
    end
    note(member .. " stood at " .. tostring(actual) .. " in " .. phase .. ", and belongs at " .. tostring(due))
    if request.repair then
      INDEXES[phase].put(string.format("%.0f", due), member)
    end
  end

  local function compare(phase, found)
    local members = {}
    for i, delivery in ipairs(found) do
      members[i] = member_in(phase, delivery)
    end
    local scores = scores_of(members, INDEXES[phase].scores)
    for i, delivery in ipairs(found) do
      mend(phase, delivery, scores[members[i]])
    end
  end

  -- Nobody would ever attempt it.
  local function mend_stray(delivery)
    if delivery.status == "waiting" and not delivery.due_at and not delivery.held then
      note(delivery.delivery_id .. " waited for nothing")
      delivery.due_at = now()
      if request.repair then
        redis.call("HSET", deliveries, delivery.delivery_id, cjson.encode(delivery))
      end
    end
  end

  function audit_deliveries(from)
    local page, found = redis.call("HSCAN", deliveries, from, "COUNT", LIMITS.audit_page), {}
    for i = 2, #page[2], 2 do
      local delivery = cjson.decode(page[2][i])
      mend_stray(delivery)
      table.insert(found, delivery)
    end
    for phase in pairs(INDEXES) do
      compare(phase, found)
    end
    return page[1] ~= "0" and "deliveries:" .. page[1] or nil, #found
  end

  -- What names no delivery, or one that stands elsewhere.
  function audit_places(phase, from)
    local index = INDEXES[phase]
    local members, ids, kept = index.page(from), {}, 0
    for i, member in ipairs(members) do
      ids[i] = string.match(member, index.pattern) or ""
    end
    local texts = #ids > 0 and redis.call("HMGET", deliveries, unpack(ids)) or {}
    for i, member in ipairs(members) do
      local delivery = texts[i] and cjson.decode(texts[i])
      if delivery and member_in(phase, delivery) == member and score_in(phase, delivery) then
        kept = kept + 1
      else
        note(member .. " stood in " .. phase .. " for nothing")
        if request.repair then
          index.drop(member)
        end
      end
    end
    local next_place = from + (request.repair and kept or #members)
    return #members == LIMITS.audit_page and phase .. ":" .. next_place or nil, #members
  end
end
