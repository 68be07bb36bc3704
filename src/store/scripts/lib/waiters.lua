-- Agents that wait for work: one new task wakes one that may have it. A message that is lost costs time, never work, since
-- every waiter looks for itself now and then.
-- Depends on: unit, flush, breaker; keys waiting and line.

local wake, wake_channel, waiting_member, kept_until, note_waiting
do
  -- Tasks that became ready in this call, by agent type.
  local ready_now = {}
  -- For which task an agent was woken in this call.
  local woken = {}

  -- `task` may be as little as a type and an assignee, where anything that he may have will do.
  function wake(task)
    ready_now[task.agent_type] = ready_now[task.agent_type] or {}
    table.insert(ready_now[task.agent_type], task)
  end

  -- Each agent listens on a channel of its own. Names are free text; a channel's goes into a URL and must hold no comma.
  function wake_channel(agent_id)
    return control .. ":wake:" .. redis.sha1hex(agent_id)
  end

  -- Members of `waiting` begin with the type's digest, all of one length, and end with the agent.
  function waiting_member(agent_type, agent_id)
    return redis.sha1hex(agent_type) .. agent_id
  end

  local function has_all(capabilities, required)
    local has = {}
    for _, name in ipairs(capabilities or {}) do
      has[name] = true
    end
    for _, name in ipairs(required or {}) do
      if not has[name] then
        return false
      end
    end
    return true
  end

  -- Until when the task goes to others first; nothing where it does not.
  function kept_until(task, agent_id)
    local avoid, prefer = task.avoid, task.prefer
    if prefer and prefer.agent_id ~= agent_id and prefer.until_ms > now() then
      return prefer.until_ms
    end
    if avoid and avoid.agent_id == agent_id and avoid.until_ms > now() then
      return avoid.until_ms
    end
  end

  local wake_waiters
  do
    -- Those whose own breaker lets nothing through are left asleep: they are woken when it does.
    local function waiters_of(agent_type)
      local low = redis.sha1hex(agent_type)
      local found = redis.call("ZRANGE", waiting, "[" .. low, "(" .. low .. "\255", "BYLEX", "LIMIT", 0, LIMITS.waiters_per_wake)
      local names, waiters = { "breaker:type:" .. agent_type, "lanes:" .. agent_type }, {}
      for i, member in ipairs(found) do
        found[i] = string.sub(member, #low + 1)
        table.insert(names, "agent:" .. found[i])
        table.insert(names, "breaker:agent:" .. found[i])
      end
      if #found > 0 then
        read_control(names)
      end
      for _, agent_id in ipairs(found) do
        local text = control_values["agent:" .. agent_id]
        if passes("breaker:agent:" .. agent_id, 1) > 0 then
          table.insert(waiters, { member = low .. agent_id, record = text and cjson.decode(text) or nil })
        end
      end
      return waiters
    end

    local function may_have(task, record)
      return record ~= nil
        and task.not_by ~= record.agent_id
        and (not task.assignee or task.assignee == record.agent_id)
        and has_all(record.capabilities, task.requires)
    end

    -- Or whoever happens to poll meanwhile would take it, and the wake-up be in vain. The message goes out when the script
    -- has ended, so that what is written with it is there by then. A task that goes to this agent first anyway does so no
    -- shorter.
    local function keep_for(task, record)
      local prefer = task.prefer
      if not task.task_id or (prefer and prefer.agent_id == record.agent_id and prefer.until_ms > now()) then
        return
      end
      task.prefer = { agent_id = record.agent_id, until_ms = now() + LIMITS.woken_first_ms }
      save(task)
      record.woken_for = task.task_id
      -- Struck off: it looks at all of its lanes from the first before it sleeps again, and this task may stand in any.
      record.listens = nil
      woken[record.agent_id] = task.task_id
      write_control("agent:" .. record.agent_id, cjson.encode(record))
    end

    -- Wakes the first that hears it, and returns its record. One that does not wait any more, or does not hear, is struck
    -- off.
    local function wake_one(task, waiters, gone, fits)
      for _, waiter in ipairs(waiters) do
        local record = waiter.record
        if not gone[waiter.member] and may_have(task, record) and fits(record) then
          gone[waiter.member] = true
          if (record.waits_until or 0) > now() and redis.call("PUBLISH", wake_channel(record.agent_id), "work") > 0 then
            return record
          end
        end
      end
      return nil
    end

    -- Where those that go first do not wait, another one is woken: it learns when the task becomes its own.
    local function find_worker(task, waiters, gone)
      local first = wake_one(task, waiters, gone, function(record)
        return not kept_until(task, record.agent_id)
      end)
      if first then
        keep_for(task, first)
        return true
      end
      return (task.avoid or task.prefer) and wake_one(task, waiters, gone, function()
        return true
      end) ~= nil
    end

    local function anybody_may_have(lane, waiters)
      for _, waiter in ipairs(waiters) do
        if may_have(lane, waiter.record) then
          return true
        end
      end
      return false
    end

    -- The first tasks that stand in the lanes which some of these may serve, as they are stored, behind those at hand.
    local function add_standing(tasks, agent_type, waiters)
      local at_hand, ids = {}, {}
      for _, task in ipairs(tasks) do
        at_hand[task.task_id or ""] = true
      end
      for _, lane in ipairs(cjson.decode(control_values["lanes:" .. agent_type] or "[]")) do
        if #ids < LIMITS.waiters_per_wake and anybody_may_have(lane, waiters) then
          local low = lane.id * LINE.lane_width
          local from, to = string.format("%.0f", low), string.format("(%.0f", low + LINE.lane_width)
          for _, member in ipairs(redis.call("ZRANGE", line, from, to, "BYSCORE", "LIMIT", 0, #waiters)) do
            if not at_hand[task_of(member)] then
              table.insert(ids, task_of(member))
            end
          end
        end
      end
      load(ids)
      for _, id in ipairs(ids) do
        table.insert(tasks, known[id] or nil)
      end
    end

    local function wake_type(agent_type, tasks, standing)
      local waiters, gone = waiters_of(agent_type), {}
      local most = #waiters > 0 and passes("breaker:type:" .. agent_type, #waiters) or 0
      if most > 0 and standing then
        add_standing(tasks, agent_type, waiters)
      end
      for _, task in ipairs(tasks) do
        if most > 0 and (not task.status or (task.status == "ready" and not task.parked)) then
          most = most - (find_worker(task, waiters, gone) and 1 or 0)
        end
      end
      local members = {}
      for member in pairs(gone) do
        table.insert(members, member)
      end
      if #members > 0 then
        redis.call("ZREM", waiting, unpack(members))
      end
    end

    -- Types of which everything that stands ready may have somebody who waits; of agents, they themselves are called.
    local function types_opened_up()
      local types, agents = {}, {}
      for _, name in ipairs(opened_up) do
        local agent_type = string.match(name, "^breaker:type:(.+)$")
        if agent_type then
          types[agent_type] = true
          ready_now[agent_type] = ready_now[agent_type] or {}
        else
          table.insert(agents, string.match(name, "^breaker:agent:(.*)$"))
        end
      end
      opened_up = {}
      local names = {}
      for i, agent_id in ipairs(agents) do
        names[i] = "agent:" .. agent_id
      end
      read_control(names)
      for _, agent_id in ipairs(agents) do
        local text = control_values["agent:" .. agent_id]
        local record = text and cjson.decode(text)
        if record and record.listens then
          wake({ agent_type = record.agent_type, assignee = record.agent_id })
        end
      end
      return types
    end

    -- Only where somebody waits does it cost anything.
    wake_waiters = function()
      if next(ready_now) == nil and #opened_up == 0 then
        return
      end
      local types, names = types_opened_up(), {}
      for agent_type in pairs(ready_now) do
        table.insert(names, "watch:" .. agent_type)
      end
      read_control(names)
      local called = ready_now
      ready_now = {}
      for agent_type, tasks in pairs(called) do
        if (tonumber(control_values["watch:" .. agent_type] or "0") or 0) > now() then
          wake_type(agent_type, tasks, types[agent_type])
        end
      end
    end
  end
  table.insert(before_writing, wake_waiters)

  -- Who was woken for a task and has taken another lets others have it at once.
  local function pass_on(agent, tasks)
    local id = agent.record.woken_for
    if not id or #tasks == 0 then
      return
    end
    agent.record.woken_for = nil
    for _, task in ipairs(tasks) do
      if task.task_id == id then
        return
      end
    end
    load({ id })
    local task = known[id]
    if task and task.status == "ready" and task.prefer and task.prefer.agent_id == agent.agent_id then
      task.prefer = nil
      save(task)
      wake(task)
    end
  end

  -- Whether the agent waits from now on. A look at what it holds (no room for more) says nothing about that.
  function note_waiting(agent, tasks)
    local record = agent.record
    record.woken_for = woken[agent.agent_id] or record.woken_for
    if record.listens and record.agent_type ~= agent.agent_type then
      redis.call("ZREM", waiting, waiting_member(record.agent_type, agent.agent_id))
      record.listens = nil
    end
    if agent.max_tasks == 0 then
      return
    end
    pass_on(agent, tasks)
    local has_work = #tasks > 0
    record.idle_since = not has_work and (record.idle_since or record.seen) or nil
    record.waits_until = agent.wait_ms > 0 and not has_work and record.seen + agent.wait_ms or nil
    record.poll = record.waits_until and agent.poll or nil
    local member = waiting_member(agent.agent_type, agent.agent_id)
    if record.waits_until and agent.listens then
      redis.call("ZADD", waiting, 0, member)
      record.listens = true
    elseif record.listens then
      redis.call("ZREM", waiting, member)
      record.listens = nil
    end
  end
end
