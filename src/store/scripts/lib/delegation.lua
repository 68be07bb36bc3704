-- Creating tasks under a lease: whether its task may have so many below it, and what those may delegate in turn.
-- Depends on: unit, moves, lease, cycles.

local grant_of, read_parent, adopt
do
  -- What a task may delegate that says no more than this.
  function grant_of(asked)
    return {
      agent_types = asked.agent_types,
      max_depth = asked.max_depth or LIMITS.delegation_depth,
      max_tasks = asked.max_tasks or LIMITS.delegation_tasks,
    }
  end

  local function is_allowed(agent_type, allowed)
    for _, one in ipairs(allowed) do
      if one == agent_type then
        return true
      end
    end
    return false
  end

  -- The types among these that the grant does not have.
  local function refused_types(agent_types, grant)
    local found = {}
    for _, agent_type in ipairs(grant.agent_types and agent_types or {}) do
      if not is_allowed(agent_type, grant.agent_types) then
        table.insert(found, agent_type)
      end
    end
    return found
  end

  local function refuse_types(types, grant, number)
    return { refused = "delegation", what = "agent_types", number = number, names = types, allowed = grant.agent_types }
  end

  -- Room for so many more tasks, here and at every ancestor. Returns what is left then.
  local function room_for(count, parent)
    local left = math.huge
    local chain = { parent.task_id, unpack(parent.ancestors or {}) }
    for _, id in ipairs(chain) do
      local task = known[id]
      -- An ancestor that was removed has ended long ago.
      if task then
        local grant = grant_of(task.delegation or {})
        local room = grant.max_tasks - (task.delegated or 0)
        if room < count then
          return nil, { refused = "delegation", what = "tasks", ids = { id }, limit = grant.max_tasks, left = math.max(0, room) }
        end
        left = math.min(left, room - count)
      end
    end
    return left
  end

  -- What a child may delegate: what it asks for, or else as much of the usual as its parent has left.
  local function attenuate(asked, most, number)
    for _, name in ipairs({ "max_depth", "max_tasks" }) do
      if asked[name] and asked[name] > most[name] then
        return nil, { refused = "delegation", what = name, number = number, limit = most[name] }
      end
    end
    local types = refused_types(asked.agent_types or {}, most)
    if #types > 0 then
      return nil, refuse_types(types, most, number)
    end
    local grant = grant_of(asked)
    return {
      agent_types = asked.agent_types or most.agent_types,
      max_depth = math.min(grant.max_depth, most.max_depth),
      max_tasks = math.min(grant.max_tasks, most.max_tasks),
    }
  end

  local function find_ancestors(upstream, ancestors)
    local found = {}
    for _, id in ipairs(upstream) do
      if is_allowed(id, ancestors) then
        table.insert(found, id)
      end
    end
    return found
  end

  -- Makes the new tasks children of the lease's task. Returns that one, or a refusal.
  function read_parent(lease)
    load({ lease.task_id, run_of(lease.task_id) })
    local worth, answer = examine(lease)
    local parent = known[lease.task_id]
    if worth == "late" and last_moment(parent) <= now() then
      worth = "over"
    end
    if worth ~= "live" and worth ~= "late" then
      return nil, refusal_of(lease, worth, answer)
    end
    load(parent.ancestors or {})
    local ancestors = { unpack(parent.ancestors or {}) }
    table.insert(ancestors, parent.task_id)
    local cycles = find_ancestors(request.upstream, ancestors)
    if #cycles > 0 then
      return nil, { refused = "graph", ids = cycles }
    end
    local path = find_cycle(request.upstream, ancestors)
    if path then
      return nil, { refused = "graph", what = "path", ids = path }
    end
    local grant = grant_of(parent.delegation or {})
    if grant.max_depth < 1 then
      return nil, { refused = "delegation", what = "depth", ids = { parent.task_id } }
    end
    local types = refused_types(request.agent_types, grant)
    if #types > 0 then
      return nil, refuse_types(types, grant)
    end
    local left, refusal = room_for(#request.tasks, parent)
    local most = { agent_types = grant.agent_types, max_depth = grant.max_depth - 1, max_tasks = left }
    for number, task in ipairs(request.tasks) do
      if refusal then
        return nil, refusal
      end
      task.parent = parent.task_id
      task.ancestors = ancestors
      task.delegation, refusal = attenuate(task.delegation or {}, most, number)
    end
    return parent, refusal
  end

  -- Writes the new children into the records of all that stand above them.
  function adopt(parent, tasks)
    parent.children = parent.children or {}
    parent.open_children = parent.open_children or 0
    for _, task in ipairs(tasks) do
      table.insert(parent.children, task.task_id)
      parent.open_children = parent.open_children + (TERMINAL[task.status] and 0 or 1)
    end
    for _, id in ipairs(tasks[1].ancestors) do
      local above = known[id]
      if above then
        above.delegated = (above.delegated or 0) + #tasks
        save(above)
      end
    end
  end
end
