-- Agents that wait for work: one new task wakes one that may have it. A message that is lost costs time, never work, since
-- every waiter looks for itself now and then.
-- Depends on: unit, flush; key waiting.

local wake, wake_channel, waiting_member, kept_until, note_waiting
do
  -- Tasks that became ready in this call, by agent type; an empty task where anybody of the type will do.
  local ready_now, wakes_due = {}, false

  function wake(task)
    ready_now[task.agent_type] = ready_now[task.agent_type] or {}
    if #ready_now[task.agent_type] < LIMITS.waiters_per_wake then
      table.insert(ready_now[task.agent_type], task)
    end
    wakes_due = true
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
    local function waiters_of(agent_type)
      local low = redis.sha1hex(agent_type)
      local found = redis.call("ZRANGE", waiting, "[" .. low, "(" .. low .. "\255", "BYLEX", "LIMIT", 0, LIMITS.waiters_per_wake)
      local names, waiters = {}, {}
      for i, member in ipairs(found) do
        names[i] = "agent:" .. string.sub(member, #low + 1)
      end
      if #names > 0 then
        read_control(names)
      end
      for i, member in ipairs(found) do
        local text = control_values[names[i]]
        local record = text and cjson.decode(text)
        table.insert(waiters, { member = member, record = record or nil })
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
    -- has ended, so that what is written with it is there by then.
    local function keep_for(task, agent_id)
      if task.task_id then
        task.prefer = { agent_id = agent_id, until_ms = now() + LIMITS.woken_first_ms }
        save(task)
      end
    end

    -- Wakes the first that hears it. One that does not wait any more, or does not hear, is struck off.
    local function wake_one(task, waiters, gone, fits)
      for _, waiter in ipairs(waiters) do
        local record = waiter.record
        if not gone[waiter.member] and may_have(task, record) and fits(record) then
          gone[waiter.member] = true
          if (record.waits_until or 0) > now() and redis.call("PUBLISH", wake_channel(record.agent_id), "work") > 0 then
            keep_for(task, record.agent_id)
            return true
          end
        end
      end
      return false
    end

    -- Where those that go first do not wait, another one is woken: it learns when the task becomes its own.
    local function find_worker(task, waiters, gone)
      if task.status and task.status ~= "ready" then
        return
      end
      local woken = wake_one(task, waiters, gone, function(record)
        return not kept_until(task, record.agent_id)
      end)
      if not woken and (task.avoid or task.prefer) then
        wake_one(task, waiters, gone, function()
          return true
        end)
      end
    end

    local function wake_type(agent_type, tasks)
      local waiters, gone = waiters_of(agent_type), {}
      for _, task in ipairs(tasks) do
        find_worker(task, waiters, gone)
      end
      local members = {}
      for member in pairs(gone) do
        table.insert(members, member)
      end
      if #members > 0 then
        redis.call("ZREM", waiting, unpack(members))
      end
    end

    -- Only where somebody waits does it cost anything.
    wake_waiters = function()
      if not wakes_due then
        return
      end
      local names = {}
      for agent_type in pairs(ready_now) do
        if control_values["watch:" .. agent_type] == nil then
          table.insert(names, "watch:" .. agent_type)
        end
      end
      if #names > 0 then
        read_control(names)
      end
      for agent_type, tasks in pairs(ready_now) do
        if (tonumber(control_values["watch:" .. agent_type] or "0") or 0) > now() then
          wake_type(agent_type, tasks)
        end
      end
      ready_now, wakes_due = {}, false
    end
  end
  table.insert(before_writing, wake_waiters)

  -- Whether the agent waits from now on. A look at what it holds (no room for more) says nothing about that.
  function note_waiting(agent, has_work)
    local record = agent.record
    if record.listens and record.agent_type ~= agent.agent_type then
      redis.call("ZREM", waiting, waiting_member(record.agent_type, agent.agent_id))
      record.listens = nil
    end
    if agent.max_tasks == 0 then
      return
    end
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
