-- Whether agents are there. It decides nothing: a poll says that one has come, and that one has gone is noticed when the
-- watchdog looks, so that it costs no poll anything.
-- Depends on: unit.

local holds_nothing, note_absent, tell_presence
do
  function holds_nothing(agent)
    for _, id in ipairs(agent.holds or {}) do
      local lease = known[id] and known[id].lease
      if lease and not lease.ended and lease.agent_id == agent.agent_id then
        return false
      end
    end
    return true
  end

  function tell_presence(agent, what)
    add_fact({ type = "agent." .. what, agent_id = agent.agent_id, agent_type = agent.agent_type })
  end

  -- Not marked yet, unseen for a while, and not waiting for work.
  local function seems_gone(agent)
    return not agent.offline and agent.seen < now() - LIMITS.offline_seconds * 1000 and (agent.waits_until or 0) <= now()
  end

  local function agents_on_pages(from)
    local found, held = {}, {}
    for _ = 1, LIMITS.presence_pages do
      local page = redis.call("HSCAN", control, from, "MATCH", "agent:*", "COUNT", LIMITS.list_cap)
      from = page[1]
      for i = 2, #page[2], 2 do
        local agent = cjson.decode(page[2][i])
        if seems_gone(agent) then
          table.insert(found, agent)
          for _, id in ipairs(agent.holds or {}) do
            table.insert(held, id)
          end
        end
      end
      if from == "0" then
        break
      end
    end
    return found, held, from
  end

  function note_absent()
    if not control_values.agents then
      return
    end
    local from = control_values.absent_from or "0"
    local found, held, place = agents_on_pages(from)
    if place ~= from then
      write_control("absent_from", place)
    end
    load(held)
    for _, agent in ipairs(found) do
      if holds_nothing(agent) then
        agent.offline = true
        write_control("agent:" .. agent.agent_id, cjson.encode(agent))
        tell_presence(agent, "offline")
      end
    end
  end
end
