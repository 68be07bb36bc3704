-- Who polls: reads the agent's record and refuses what cannot be served, before anything is written.
-- Depends on: unit, waiters.

local function set_of(list)
  local set = {}
  for _, name in ipairs(list or {}) do
    set[name] = true
  end
  return set
end

local function was_replaced(record, instance)
  for _, old in ipairs(record.replaced or {}) do
    if old == instance then
      return true
    end
  end
  return false
end

-- Notes which process speaks for the agent. One that was not known takes over from the one before; that one may come
-- back at any time and is told, so the last few are remembered.
local function note_instance(agent, record)
  if not agent.instance or agent.instance == record.instance then
    return
  end
  if record.instance then
    agent.takes_over = true
    record.replaced = record.replaced or {}
    table.insert(record.replaced, record.instance)
    if #record.replaced > LIMITS.replaced_instances then
      table.remove(record.replaced, 1)
    end
  end
  record.instance = agent.instance
end

-- Fills in the agent from its record. Returns a refusal, or nothing.
local function meet(agent)
  local name = "agent:" .. agent.agent_id
  local names = { name, "next_due", "armed", "generation", "types", "agents", "breaker:agent:" .. agent.agent_id }
  local function of_type(agent_type)
    return { "lanes:" .. agent_type, "watch:" .. agent_type, "breaker:type:" .. agent_type }
  end
  for _, field in ipairs(agent.agent_type and of_type(agent.agent_type) or {}) do
    table.insert(names, field)
  end
  read_control(names)
  local record = control_values[name] and cjson.decode(control_values[name])
  if record and record.key_id ~= agent.key_id and record.seen > now() - LIMITS.agent_name_kept_ms then
    return { refused = "agent_taken", seen_seconds_ago = math.floor((now() - record.seen) / 1000) }
  end
  if record and agent.continues and record.poll ~= agent.poll then
    return { refused = "superseded" }
  end
  if record and agent.instance and was_replaced(record, agent.instance) then
    return { refused = "instance_replaced" }
  end
  agent.agent_type = agent.agent_type or (record and record.agent_type)
  if not agent.agent_type then
    return { refused = "agent_type_needed" }
  end
  if not record then
    local agents = (tonumber(control_values.agents or "0") or 0) + 1
    if agents > LIMITS.agents then
      return { refused = "limit", limit = LIMITS.agents }
    end
    write_control("agents", agents)
    record = { agent_id = agent.agent_id }
  end
  if agent.max_tasks > 0 and record.poll and record.poll ~= agent.poll and (record.waits_until or 0) > now() then
    -- One open wait per agent: a newer poll ends the older.
    redis.call("PUBLISH", wake_channel(agent.agent_id), "superseded")
  end
  -- Told together with what it is given.
  if record.offline or not record.first_seen then
    record.offline = nil
    add_fact({ type = "agent.online", agent_id = agent.agent_id, agent_type = agent.agent_type })
  end
  record.key_id = agent.key_id
  note_instance(agent, record)
  agent.record = record
  agent.capabilities = agent.capabilities or record.capabilities
  agent.can = set_of(agent.capabilities)
  if control_values["lanes:" .. agent.agent_type] == nil then
    read_control(of_type(agent.agent_type))
  end
end
