-- Circuit breakers, one per agent type and one per agent: after several distinct tasks failed or were lost, nothing is
-- handed out for a while; then one task probes. Kept in the control hash as "breaker:type:<type>" and
-- "breaker:agent:<id>"; absent where nothing went wrong lately, so that success alone writes nothing: what succeeded before
-- the first failure is asked of the event log, once a breaker is about to open.
-- Depends on: unit; key events.

local breaker_names, read_breaker, write_breaker, breaker_state, passes, open_up, judge, note_outcome, return_probe
local pass_probe, admitted, mark_probe, shown_breaker
-- Breakers that let something through again: whoever waits behind one is woken.
local opened_up = {}
do
  function breaker_names(agent_type, agent_id)
    return "breaker:type:" .. agent_type, "breaker:agent:" .. agent_id
  end

  function read_breaker(name)
    read_control({ name })
    local text = control_values[name]
    return text and text ~= "" and cjson.decode(text) or nil
  end

  function write_breaker(name, breaker)
    write_control(name, breaker and cjson.encode(breaker) or "")
  end

  -- The state as of now: an open breaker whose pause is over lets one probe through.
  function breaker_state(breaker)
    if not breaker then
      return "closed"
    elseif breaker.forced then
      return breaker.forced
    elseif not breaker.until_ms then
      return "closed"
    elseif breaker.until_ms > now() then
      return "open"
    end
    return "half_open"
  end

  -- How many of `count` tasks it lets through.
  function passes(name, count)
    local breaker = read_breaker(name)
    local state = breaker_state(breaker)
    if state == "open" or (state == "half_open" and breaker.probe) then
      return 0
    end
    return state == "half_open" and math.min(count, 1) or count
  end

  function open_up(name)
    table.insert(opened_up, name)
  end

  local function open_breaker(name, breaker)
    breaker.pause_ms = math.min((breaker.pause_ms or LIMITS.breaker_pause_ms / 2) * 2, LIMITS.breaker_pause_max_ms)
    breaker.until_ms = now() + breaker.pause_ms
    breaker.probe = nil
    breaker.outcomes = nil
    add_fact({ type = "breaker.opened", breaker = name, pause_ms = breaker.pause_ms })
    -- Waiters are woken when the pause is over.
    stand_timer(name, breaker.until_ms)
  end

  -- How many results the latest entries of the log tell of, by breaker; read once a call.
  local handed_in

  local function read_log()
    handed_in = {}
    for _, entry in ipairs(redis.call("XREVRANGE", events, "+", "-", "COUNT", LIMITS.breaker_log)) do
      if tonumber(string.match(entry[1], "^%d+")) <= now() - LIMITS.breaker_window_ms then
        return
      end
      for _, fact in ipairs(cjson.decode(entry[2][2])) do
        -- A promoted result, or an accepted one, is no second outcome: such facts name no agent.
        local is_result = fact.type == "task.completed" or fact.type == "task.review_requested"
        if is_result and fact.agent_id and fact.agent_type then
          for _, name in ipairs({ breaker_names(fact.agent_type, fact.agent_id) }) do
            handed_in[name] = (handed_in[name] or 0) + 1
          end
        end
      end
    end
  end

  local function good_lately(name)
    if not handed_in then
      read_log()
    end
    return handed_in[name] or 0
  end

  local function should_open(name, outcomes)
    local failed, tasks = 0, {}
    local distinct = 0
    for _, outcome in ipairs(outcomes) do
      if not outcome.ok then
        failed = failed + 1
        if not tasks[outcome.task_id] then
          tasks[outcome.task_id] = true
          distinct = distinct + 1
        end
      end
    end
    if distinct < LIMITS.breaker_failures or failed * 2 < #outcomes then
      return false
    end
    -- A full list has forgotten failures too, and is judged by itself.
    return #outcomes >= LIMITS.breaker_outcomes or failed >= good_lately(name)
  end

  local function remember(breaker, outcome)
    local kept = {}
    for _, old in ipairs(breaker.outcomes or {}) do
      if old.at > now() - LIMITS.breaker_window_ms then
        table.insert(kept, old)
      end
    end
    table.insert(kept, outcome)
    while #kept > LIMITS.breaker_outcomes do
      table.remove(kept, 1)
    end
    breaker.outcomes = kept
  end

  function judge(name, task, outcome)
    local breaker = read_breaker(name)
    if not breaker and outcome ~= "bad" then
      return
    end
    breaker = breaker or {}
    local state = breaker_state(breaker)
    if breaker.probe == task.task_id then
      -- A probe that came back with any answer of its own has answered.
      if outcome == "bad" then
        open_breaker(name, breaker)
        write_breaker(name, breaker)
      else
        add_fact({ type = "breaker.closed", breaker = name })
        write_breaker(name, nil)
        open_up(name)
      end
      return
    elseif state ~= "closed" or outcome == "neutral" then
      -- Answers to tasks handed out before it opened say nothing new.
      return
    end
    remember(breaker, { at = now(), task_id = task.task_id, ok = outcome == "good" })
    if not breaker.forced and should_open(name, breaker.outcomes) then
      open_breaker(name, breaker)
    end
    write_breaker(name, breaker)
  end

  -- How an attempt of the task ended: "good", "bad", or "neutral" where it says nothing about the agent.
  function note_outcome(task, outcome)
    local of_type, of_agent = breaker_names(task.agent_type, task.lease.agent_id)
    judge(of_type, task, outcome)
    judge(of_agent, task, outcome)
  end

  -- A probe that was handed back undone, or taken away, leaves its place to another.
  function return_probe(task)
    for _, name in ipairs({ breaker_names(task.agent_type, task.lease.agent_id) }) do
      local breaker = read_breaker(name)
      if breaker and breaker.probe == task.task_id then
        breaker.probe = nil
        write_breaker(name, breaker)
        open_up(name)
      end
    end
  end

  -- A probe whose worker is still heard of when its time to answer is over has answered: tasks that take longer would
  -- keep all others waiting.
  function pass_probe(task)
    local lease = task.lease
    if lease.probe and now() - lease.since >= LIMITS.breaker_probe_seconds * 1000 then
      lease.probe = nil
      note_outcome(task, "neutral")
    end
  end

  -- How many of `count` tasks the agent may be handed, and whether they probe.
  function admitted(agent, count)
    local probes = false
    for _, name in ipairs({ breaker_names(agent.agent_type, agent.agent_id) }) do
      count = passes(name, count)
      probes = probes or breaker_state(read_breaker(name)) == "half_open"
    end
    return count, probes
  end

  function mark_probe(task, agent)
    for _, name in ipairs({ breaker_names(agent.agent_type, agent.agent_id) }) do
      local breaker = read_breaker(name)
      if breaker_state(breaker) == "half_open" then
        breaker.probe = task.task_id
        write_breaker(name, breaker)
      end
    end
  end

  -- What readers see of a breaker, as JSON text; nothing where it remembers nothing.
  function shown_breaker(name)
    local breaker = read_breaker(name)
    if not breaker then
      return nil
    end
    local failed = 0
    for _, outcome in ipairs(breaker.outcomes or {}) do
      failed = failed + (outcome.ok and 0 or 1)
    end
    return cjson.encode({
      name = name,
      state = breaker_state(breaker),
      forced = breaker.forced and true or nil,
      until_ms = breaker.until_ms,
      probe = breaker.probe,
      failed = failed,
    })
  end
end
