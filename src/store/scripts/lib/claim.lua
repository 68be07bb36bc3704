-- Claims tasks: those of the places found that fit the agent are handed out, each with its lease.
-- Depends on: unit, breaker, waiters, runs, moves, locks, parking, sweep, notices, heads.

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
