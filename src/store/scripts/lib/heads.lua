-- Where an agent looks for tasks: the lanes that it may serve, and the places at their heads or further back, read on from
-- where its last claims stopped.
-- Depends on: unit.

local function may_serve(lane, agent)
  if lane.assignee and lane.assignee ~= agent.agent_id then
    return false
  end
  for _, needed in ipairs(lane.requires or {}) do
    if not agent.can[needed] then
      return false
    end
  end
  return true
end

-- How far it had read lanes that it may serve no more.
local function forget_positions(record, lanes)
  local kept = {}
  for _, lane in ipairs(record.passed and lanes or {}) do
    kept[tostring(lane)] = record.passed[tostring(lane)]
  end
  record.passed = next(kept) and kept
end

-- The lanes of the agent's type that it may serve, its own first, at most as many as one claim may compare; and whether
-- the last of them are yet to come. Then the next claim goes on where this one ends, so that each lane has its turn.
local function lanes_for(agent)
  local all = cjson.decode(control_values["lanes:" .. agent.agent_type] or "[]")
  local own, others = {}, {}
  for _, lane in ipairs(all) do
    if may_serve(lane, agent) then
      table.insert(lane.assignee and own or others, lane.id)
    end
  end
  for _, id in ipairs(others) do
    table.insert(own, id)
  end
  forget_positions(agent.record, own)
  if #own <= LIMITS.lanes_per_claim then
    agent.record.lanes_from = nil
    return own, false
  end
  -- From the moment in which an agent may be woken it looks at all of them: what came before that woke nobody.
  local begins = agent.listens and not agent.record.listens
  local from, some = begins and 0 or (agent.record.lanes_from or 0) % #own, {}
  for i = 1, LIMITS.lanes_per_claim do
    some[i] = own[(from + i - 1) % #own + 1]
  end
  local to = from + LIMITS.lanes_per_claim
  agent.record.lanes_from = to < #own and to or nil
  return some, to < #own
end

-- How far a lane was read is a position: the last place, by `order` and `member`, and `ties`, how many places of that order
-- were read. Some of them may go and others come before the lane is read on.
local function is_behind(place, position)
  if place.order ~= position.order then
    return place.order > position.order
  end
  return place.member > position.member
end

-- A few places behind a position, or from the beginning, and the position behind them where there may be more.
local function read_on(lane, position, count)
  local low = lane * LINE.lane_width
  local from, most = "%.0f", count
  if position and position.ties < LIMITS.claim_ties then
    most = count + position.ties
  elseif position then
    -- Of so many in one moment the others are passed over too.
    from = "(%.0f"
  end
  local first = string.format(from, low + (position and position.order or 0))
  local last = string.format("(%.0f", low + LINE.lane_width)
  local range = redis.call("ZRANGE", line, first, last, "BYSCORE", "LIMIT", 0, most, "WITHSCORES")
  local behind, stop, ties = {}, position, 0
  for i = 1, #range, 2 do
    local place = { member = range[i], order = tonumber(range[i + 1]) - low }
    ties = (i > 1 and tonumber(range[i - 1]) - low == place.order and ties or 0) + 1
    if not position or is_behind(place, position) then
      table.insert(behind, place)
      stop = place
    end
  end
  local more = #range == 2 * most
  return behind, more and { order = stop.order, member = stop.member, ties = ties } or nil
end

-- A few places of each lane, each read on from its position, merged into one order; and where to read on in those that
-- may have more.
local function heads(lanes, positions, count)
  local found, ends = {}, {}
  for _, lane in ipairs(lanes) do
    local behind, stop = read_on(lane, positions[lane], count)
    ends[lane] = stop
    for _, place in ipairs(behind) do
      table.insert(found, place)
    end
  end
  table.sort(found, function(a, b)
    return is_behind(b, a)
  end)
  return found, ends
end
