-- Hands tasks to an agent: what it still holds first, then the heads of the lanes that it may serve.
-- Depends on: unit, moves, parking, edges, cancel, sweep, lease, notices.

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

-- Its deadline passed, and no sweep has come to it yet.
local function overdue(task)
  return task.deadline ~= nil and task.deadline <= now()
end

-- The same of the time within which it had to be claimed first.
local function too_late_to_start(task)
  return task.start_within_seconds ~= nil and task.attempt == 0 and start_by(task) <= now()
end

local function fits(task, agent)
  if not task or task.status ~= "ready" or overdue(task) or too_late_to_start(task) or doomed(task) then
    return false
  end
  -- Nobody judges what it has made.
  if task.not_by == agent.agent_id then
    return false
  end
  local until_ms = kept_until(task, agent.agent_id)
  if until_ms then
    -- It is this agent's too from then on, and nobody says so again.
    agent.look_at = math.min(agent.look_at or until_ms, until_ms)
  end
  return not until_ms
end

-- When there may be work that nobody announces: the project's next deadline, when a task stops being kept for others, or
-- at once where the agent has not seen all that is there.
local function look_again_at(agent)
  if agent.unfinished then
    return string.format("%.0f", now())
  end
  local due = tonumber(control_values.next_due or "0") or 0
  local at = agent.look_at and (due == 0 or agent.look_at < due) and agent.look_at or due
  return string.format("%.0f", at)
end

local function lease_seconds_of(task, asked)
  if task.lease_seconds then
    return task.lease_seconds
  end
  return asked > 0 and asked or LIMITS.lease_seconds_default
end

local function hand_out(task, agent, check)
  move(task, "claim")
  task.attempt = task.attempt + 1
  task.avoid, task.prefer = nil, nil
  task.message = nil
  task.progress = nil
  if task.start_within_seconds then
    places[start_member(task)] = false
  end
  add_fact({
    type = "task.claimed",
    task_id = task.task_id,
    attempt = task.attempt,
    agent_id = agent.agent_id,
    ready_at = task.ready_at,
  })
  task.lease = { check = check, agent_id = agent.agent_id, key_id = agent.key_id }
end

local function start_lease(task, asked, probes)
  local seconds = lease_seconds_of(task, asked)
  task.lease.probe = probes or nil
  if probes and seconds > LIMITS.breaker_probe_seconds then
    seconds = LIMITS.breaker_probe_seconds
    task.lease.shortened = true
  end
  task.lease.since = now()
  task.lease.seconds = seconds
  task.lease.until_ms = math.min(now() + seconds * 1000, last_moment(task))
  stand_timer(member_of(task.task_id), task.lease.until_ms)
end

-- Claims what fits of the places found; parks what is blocked, and mends places that do not fit their records. `step`:
-- how many records are read first.
local function take(found, agent, claimed, count, step)
  local first = 1
  while #claimed < count and first <= #found do
    local last = math.min(first + step - 1, #found)
    local names, judged = {}, {}
    for i = first, last do
      local id = task_of(found[i].member)
      table.insert(names, id)
      table.insert(names, id .. ":payload")
      table.insert(names, run_of(id))
    end
    load(names)
    for i = first, last do
      local task = known[task_of(found[i].member)]
      if fits(task, agent) and slots.needed(task) then
        table.insert(judged, task)
      end
    end
    slots.read(judged)
    for i = first, last do
      local task = known[task_of(found[i].member)]
      if #claimed == count then
        break
      elseif fits(task, agent) then
        local blocking = slots.needed(task) and slots.blocking(task)
        if blocking then
          parking.park(task, blocking)
        else
          table.insert(claimed, task)
          hand_out(task, agent, table.remove(agent.checks))
        end
      elseif not task or task.status ~= "ready" then
        put_in_place(found[i].member, task)
      end
    end
    first = last + 1
    -- Where the first ones do not fit, more are read at once.
    step = math.max(count - #claimed, LIMITS.claim_lookahead)
  end
end

-- Looks at the heads of the lanes, then further back where the agent's claims stopped last time, at a bounded number of
-- places: what is not for this agent, however much it is, hides nothing for ever. Returns whether there is more to look at.
local function look_through(lanes, agent, claimed, count)
  local passed = agent.record.passed or {}
  local places_each, looked, rounds, positions = count + LIMITS.claim_lookahead, 0, 0, {}
  repeat
    local found, ends = heads(lanes, positions, places_each)
    take(found, agent, claimed, count, rounds == 0 and count or places_each)
    local longer = {}
    for _, lane in ipairs(#claimed < count and lanes or {}) do
      -- cjson takes a table with numbers for a list.
      local name, stop = tostring(lane), ends[lane]
      if not (stop and passed[name] and is_behind(passed[name], stop)) then
        passed[name] = stop
      end
      positions[lane] = passed[name]
      table.insert(longer, stop and lane)
    end
    lanes = longer
    looked, rounds = looked + #found, rounds + 1
  until #lanes == 0 or (rounds > 1 and looked >= LIMITS.claim_scan)
  agent.record.passed = next(passed) and passed
  -- In other lanes too, whose turn it was before.
  return #claimed < count and next(passed) ~= nil
end

-- Claims up to `count` tasks.
local function claim(agent, count)
  local claimed = {}
  local probes
  count, probes = admitted(agent, count)
  if count <= 0 then
    return claimed
  end
  local lanes, more = lanes_for(agent)
  agent.unfinished = look_through(lanes, agent, claimed, count) or more
  for _, task in ipairs(claimed) do
    if probes then
      mark_probe(task, agent)
    end
    start_lease(task, agent.lease_seconds, probes)
    show_messages(task)
  end
  return claimed
end

-- What the agent still holds, by its own list, which is only a hint: the records decide. A new instance ends what the
-- one before it held.
local function still_held(agent)
  local names = {}
  for _, id in ipairs(agent.record.holds or {}) do
    -- What this call has ended is known already, and its text is not wanted.
    if not known[id] or known[id].status == "running" then
      table.insert(names, run_of(id))
      table.insert(names, id)
      table.insert(names, id .. ":payload")
    end
  end
  load(names)
  local held, given_up = {}, false
  for _, id in ipairs(agent.record.holds or {}) do
    local task = known[id]
    local lease = task and task.lease
    local its_own = lease and not lease.ended and lease.agent_id == agent.agent_id and lease.key_id == agent.key_id
    if its_own and doomed(task) then
      cancel_task(task)
    elseif its_own and agent.takes_over then
      lose(task, "replaced")
    elseif its_own and overdue(task) then
      miss(task, "deadline")
    elseif its_own then
      renew(task, agent.max_tasks > 0)
      -- Past the longest time of an attempt nothing renews it.
      expire(task)
    end
    if its_own and task.status == "running" then
      tell_holder(task)
      table.insert(held, task)
    else
      given_up = given_up or its_own
      note_stop(agent, task)
    end
  end
  if given_up then
    -- The claim that follows looks at the line as it is stored.
    flush()
  end
  return held
end

-- Notes that the type is polled for. Names are free text: of too many, the one that was polled for longest ago goes.
local function note_type(agent_type, seen)
  local types = cjson.decode(control_values.types or "{}")
  if (types[agent_type] or 0) >= seen - LIMITS.types_noted_ms then
    return
  end
  types[agent_type] = seen
  local count, oldest = 0, agent_type
  for name, polled in pairs(types) do
    count = count + 1
    if polled < types[oldest] or (polled == types[oldest] and name < oldest) then
      oldest = name
    end
  end
  if count > LIMITS.types_kept then
    types[oldest] = nil
  end
  write_control("types", cjson.encode(types))
end

local function note_agent(agent, tasks)
  local record = agent.record
  -- An empty list cannot be told from an empty object here.
  record.capabilities = #(agent.capabilities or {}) > 0 and agent.capabilities or nil
  record.seen = now()
  record.first_seen = record.first_seen or record.seen
  note_waiting(agent, tasks)
  record.agent_type = agent.agent_type
  record.holds = nil
  for _, task in ipairs(tasks) do
    record.holds = record.holds or {}
    table.insert(record.holds, task.task_id)
  end
  tell_stops(agent, tasks)
  write_control("agent:" .. agent.agent_id, cjson.encode(record))
  note_type(agent.agent_type, record.seen)
  if agent.max_tasks > 0 and record.waits_until then
    local watched = tonumber(control_values["watch:" .. agent.agent_type] or "0") or 0
    write_control("watch:" .. agent.agent_type, string.format("%.0f", math.max(watched, record.seen + agent.wait_ms)))
  end
end

-- One task of a reply: its record, and beside it the text that was never decoded. With a review goes the record of the
-- task that it reviews, which says where its texts are.
local function handed(task, held)
  local payload = raw[task.task_id .. ":payload"]
  local reviewed = ""
  if task.reviews then
    load({ task.reviews })
    reviewed = ',"reviewed":' .. cjson.encode(known[task.reviews])
  end
  return '{"record":' .. cjson.encode(task) .. reviewed .. (payload and ',"payload":' .. payload or "") .. (held and ',"held":true' or "") .. "}"
end

-- Gives the agent up to `max_tasks`, held ones included, and returns them as JSON text.
local function serve(agent)
  local tasks = still_held(agent)
  local parts = {}
  for i, task in ipairs(tasks) do
    parts[i] = handed(task, true)
  end
  local room = agent.max_tasks - #tasks
  local claimed = claim(agent, room)
  if #claimed < room and sweep(LIMITS.sweep_per_call) > 0 then
    for _, task in ipairs(claim(agent, room - #claimed)) do
      table.insert(claimed, task)
    end
  end
  for _, task in ipairs(claimed) do
    table.insert(tasks, task)
    table.insert(parts, handed(task, false))
  end
  note_agent(agent, tasks)
  flush()
  sweep(LIMITS.sweep_per_call)
  return "[" .. table.concat(parts, ",") .. "]"
end
