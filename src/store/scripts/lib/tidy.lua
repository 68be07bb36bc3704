-- What nobody will miss: agents that were not seen for long and hold nothing, breakers that remember nothing, nothing new, or
-- belong to nobody, lanes without tasks, agent types that nobody polls for, and old events. A page of the control hash at a
-- time, the whole once an hour.
-- Depends on: pieces, unit, breaker, waiters, lanes, presence; keys control and events.

local tidy
do
  -- Of the breaker of a type: nothing has happened for as long as an agent is remembered. What people forced stays.
  local function is_outdated(breaker)
    local last = breaker.until_ms or 0
    for _, outcome in ipairs(breaker.outcomes or {}) do
      last = math.max(last, outcome.at)
    end
    return not breaker.forced and not breaker.probe and last <= now() - LIMITS.agent_kept_ms
  end

  -- The agents on a page of the control hash that were not seen for long, and whose breakers stand there; whatever is
  -- empty or over goes at once.
  local function sort_out(page)
    local agents, breakers = {}, {}
    for i = 1, #page, 2 do
      local name, value = page[i], page[i + 1]
      if string.find(name, "^agent:") then
        local agent = cjson.decode(value)
        if agent.seen <= now() - LIMITS.agent_kept_ms then
          table.insert(agents, agent)
        end
      elseif string.find(name, "^lanes:") then
        forget_empty_lanes(name, value)
      elseif string.find(name, "^breaker:") and value == "" then
        drop_control(name)
      elseif string.find(name, "^breaker:type:") then
        if is_outdated(cjson.decode(value)) then
          drop_control(name)
        end
      elseif string.find(name, "^breaker:agent:") then
        table.insert(breakers, string.sub(name, #"breaker:agent:" + 1))
      elseif string.find(name, "^watch:") and tonumber(value) <= now() then
        drop_control(name)
      end
    end
    return agents, breakers
  end

  local function forget_agents(agents)
    local held, forgotten = {}, {}
    for _, agent in ipairs(agents) do
      for _, id in ipairs(agent.holds or {}) do
        table.insert(held, id)
      end
    end
    load(held)
    for _, agent in ipairs(agents) do
      if holds_nothing(agent) then
        drop_control("agent:" .. agent.agent_id)
        if not agent.offline then
          tell_presence(agent, "offline")
        end
        if agent.listens then
          redis.call("ZREM", waiting, waiting_member(agent.agent_type, agent.agent_id))
        end
        table.insert(forgotten, agent.agent_id)
      end
    end
    local count = (tonumber(control_values.agents or "0") or 0) - #forgotten
    if count <= 0 then
      drop_control("agents")
    elseif #forgotten > 0 then
      write_control("agents", count)
    end
    return forgotten
  end

  -- What people forced stays until they say otherwise.
  local function forget_breakers(ids)
    local names = {}
    for _, id in ipairs(ids) do
      table.insert(names, "breaker:agent:" .. id)
      if control_values["agent:" .. id] == nil then
        table.insert(names, "agent:" .. id)
      end
    end
    in_pieces(names, function(...)
      read_control({ ... })
    end)
    for _, id in ipairs(ids) do
      local breaker = read_breaker("breaker:agent:" .. id)
      if not control_values["agent:" .. id] and breaker and not breaker.forced then
        drop_control("breaker:agent:" .. id)
      end
    end
  end

  local function forget_types()
    local kept, gone = {}, false
    for agent_type, polled in pairs(cjson.decode(control_values.types or "{}")) do
      if polled > now() - LIMITS.agent_kept_ms then
        kept[agent_type] = polled
      else
        gone = true
      end
    end
    if next(kept) == nil then
      drop_control("types")
    elseif gone then
      write_control("types", cjson.encode(kept))
    end
  end

  -- The last one stays: a log with nothing in it could not tell that there was anything before.
  local function forget_events()
    local newest = redis.call("XREVRANGE", events, "+", "-", "COUNT", 1)[1]
    local since = now() - LIMITS.events_kept_ms
    if newest then
      local is_old = tonumber(string.match(newest[1], "^%d+")) < since
      redis.call("XTRIM", events, "MINID", "~", is_old and newest[1] or string.format("%.0f", since))
    end
  end

  function tidy()
    if (tonumber(control_values.tidy_at or "0") or 0) > now() then
      return
    end
    forget_events()
    forget_types()
    local page = redis.call("HSCAN", control, control_values.tidy_from or "0", "COUNT", LIMITS.list_cap)
    local agents, ids = sort_out(page[2])
    for _, id in ipairs(forget_agents(agents)) do
      table.insert(ids, id)
    end
    forget_breakers(ids)
    write_control("tidy_from", page[1])
    write_control("tidy_at", string.format("%.0f", now() + (page[1] == "0" and LIMITS.tidy_each_ms or 0)))
  end
end
