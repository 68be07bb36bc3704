-- Who polls: reads the agent's record and refuses what cannot be served, before anything is written.
-- Depends on: unit, claim.

local function set_of(list)
  local set = {}
  for _, name in ipairs(list or {}) do
    set[name] = true
  end
  return set
end

-- Fills in the agent from its record. Returns a refusal, or nothing.
local function meet(agent)
  local name = "agent:" .. agent.agent_id
  local names = { name, "next_due", "types", "agents" }
  if agent.agent_type then
    table.insert(names, "lanes:" .. agent.agent_type)
    table.insert(names, "watch:" .. agent.agent_type)
  end
  read_control(names)
  local record = control_values[name] and cjson.decode(control_values[name])
  if record and record.key_id ~= agent.key_id and record.seen > now() - LIMITS.agent_name_kept_ms then
    return { refused = "agent_taken", seen_seconds_ago = math.floor((now() - record.seen) / 1000) }
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
  record.key_id = agent.key_id
  agent.record = record
  agent.capabilities = agent.capabilities or record.capabilities
  agent.can = set_of(agent.capabilities)
  if control_values["lanes:" .. agent.agent_type] == nil then
    read_control({ "lanes:" .. agent.agent_type, "watch:" .. agent.agent_type })
  end
end
