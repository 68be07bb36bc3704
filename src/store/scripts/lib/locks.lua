-- Locks and concurrency keys: who holds them, and what stands in the way of a claim. The hash `locks` has a field
-- for each node that is in use: "=src/a" for that lock, "<src/" for all below that directory, "#deploy" for a key. A task
-- is listed under "=" each of its locks, "<" each directory above it, and its key; so whatever overlaps a lock is listed
-- under "=" the lock, "=" a directory above it, or "<" itself. A node is
--   held      ids of the running tasks that have it
--   late      tasks whose lease ran out, while nothing that overlaps was granted: they may still come back
--   turns     tasks that go before newer ones: those parked once their order has come, those called until `until_ms`
--   waiting   true where tasks may be parked for it
--   due       since when its waiters are to be looked at
-- Depends on: pieces, unit, flush, moves; key locks.

local slots = {}

do
  local nodes = {}
  -- Where the timer of each node stands, and what is to be written.
  local stood, changed = {}, {}

  local function needs_slot(task)
    return task.locks ~= nil or task.concurrency_key ~= nil
  end

  -- The directories that cover a lock, the widest first.
  local function above(lock)
    local found, at = {}, string.find(lock, "/", 1, true)
    while at and at < #lock do
      table.insert(found, string.sub(lock, 1, at))
      at = string.find(lock, "/", at + 1, true)
    end
    if not at then
      table.insert(found, lock .. "/")
    end
    return found
  end

  -- The nodes under which the task itself is listed.
  local function own_nodes(task)
    local found, seen = {}, {}
    local function add(name)
      if not seen[name] then
        seen[name] = true
        table.insert(found, name)
      end
    end
    for _, lock in ipairs(task.locks or {}) do
      add("=" .. lock)
      for _, directory in ipairs(above(lock)) do
        add("<" .. directory)
      end
    end
    if task.concurrency_key then
      add("#" .. task.concurrency_key)
    end
    return found
  end

  -- The nodes under which everything is listed that overlaps its locks, or has its key.
  local function met_nodes(task)
    local found = {}
    for _, lock in ipairs(task.locks or {}) do
      for _, directory in ipairs(above(lock)) do
        table.insert(found, "=" .. directory)
      end
      table.insert(found, "=" .. lock)
      if string.sub(lock, -1) == "/" then
        table.insert(found, "<" .. lock)
      end
    end
    if task.concurrency_key then
      table.insert(found, "#" .. task.concurrency_key)
    end
    return found
  end

  -- When its waiters are looked at, if anybody waits and something may have changed by then.
  local function node_place(node)
    if not node.waiting then
      return nil
    end
    local at = node.due
    for _, turn in ipairs(node.turns or {}) do
      if turn.until_ms and (not at or turn.until_ms < at) then
        at = turn.until_ms
      end
    end
    return at
  end

  local function load_nodes(names)
    local unknown = {}
    for _, name in ipairs(names) do
      if nodes[name] == nil then
        nodes[name] = {}
        table.insert(unknown, name)
      end
    end
    in_pieces(unknown, function(...)
      local values = redis.call("HMGET", locks, ...)
      for i, name in ipairs({ ... }) do
        nodes[name] = values[i] and cjson.decode(values[i]) or {}
        stood[name] = node_place(nodes[name])
      end
    end)
  end

  -- All that is needed to judge these tasks, in one command.
  local function read_nodes(tasks)
    local names = {}
    for _, task in ipairs(tasks) do
      for _, list in ipairs({ own_nodes(task), met_nodes(task) }) do
        for _, name in ipairs(list) do
          table.insert(names, name)
        end
      end
    end
    load_nodes(names)
  end

  local function change_node(name)
    changed[name] = true
    return nodes[name]
  end

  local function id_of(entry)
    return type(entry) == "table" and entry.task_id or entry
  end

  -- Takes the task off a list of the node; returns its entry if it stood there.
  local function strike(name, list, id)
    local node = nodes[name]
    for i, entry in ipairs(node[list] or {}) do
      if id_of(entry) == id then
        table.remove(node[list], i)
        if #node[list] == 0 then
          node[list] = nil
        end
        change_node(name)
        return entry
      end
    end
  end

  local function list_under(name, list, entry)
    local node = change_node(name)
    node[list] = node[list] or {}
    table.insert(node[list], entry)
    if #node[list] > LIMITS.lock_holders then
      table.remove(node[list], 1)
    end
  end

  -- Puts the timer where it belongs. At once where it may be due: a sweep of this very call looks for what is.
  local function set_look(name)
    local at = node_place(nodes[name])
    if at == stood[name] then
      return
    elseif at then
      stand_timer("unpark:" .. name, at)
    else
      places["unpark:" .. name] = false
    end
    stood[name] = at
  end

  -- Something that stood in the way is gone: its waiters are looked at.
  local function free(name)
    if nodes[name].waiting and not nodes[name].due then
      nodes[name].due = now()
      change_node(name)
      set_look(name)
    end
  end

  local function comes_before(one, other)
    if one.order ~= other.order then
      return one.order < other.order
    end
    return member_of(one.task_id) < member_of(other.task_id)
  end

  -- Whether the entry holds back the task: it is older, and its order has come or it has been called.
  local function is_ahead(turn, task)
    if turn.task_id == task.task_id or not comes_before(turn, task) then
      return false
    elseif turn.until_ms then
      return turn.until_ms > now()
    end
    return turn.order <= now()
  end

  local function count_ahead(node, task)
    local count = 0
    for _, turn in ipairs(node.turns or {}) do
      count = count + (is_ahead(turn, task) and 1 or 0)
    end
    return count
  end

  local function held_by_others(node, task)
    local held = node.held or {}
    for _, id in ipairs(held) do
      if id == task.task_id then
        return #held - 1
      end
    end
    return #held
  end

  -- The first node that stands in the way of the task, if any. `held_only`: nobody's turn counts, only who holds it.
  local function blocking_node(task, held_only)
    read_nodes({ task })
    for _, name in ipairs(met_nodes(task)) do
      local node = nodes[name]
      local room = string.sub(name, 1, 1) == "#" and (task.concurrency_limit or 1) or 1
      local taken = held_by_others(node, task)
      if taken < room and not held_only then
        taken = taken + count_ahead(node, task)
      end
      if taken >= room then
        return name
      end
    end
    for _, name in ipairs(own_nodes(task)) do
      if held_by_others(nodes[name], task) >= LIMITS.lock_holders then
        return name
      end
    end
  end

  local function hold(task)
    for _, name in ipairs(own_nodes(task)) do
      strike(name, "late", task.task_id)
      list_under(name, "held", task.task_id)
    end
    -- Whoever let an overlapping lock lapse cannot come back.
    for _, name in ipairs(met_nodes(task)) do
      if nodes[name].late then
        change_node(name).late = nil
      end
    end
  end

  local function let_go(task, may_come_back)
    for _, name in ipairs(own_nodes(task)) do
      strike(name, "held", task.task_id)
      free(name)
      if may_come_back and string.sub(name, 1, 1) ~= "#" then
        list_under(name, "late", task.task_id)
      end
    end
  end

  local function forget_late(task)
    for _, name in ipairs(own_nodes(task)) do
      strike(name, "late", task.task_id)
    end
  end

  -- Whether no lock of it was granted since its lease ran out.
  local function still_covered(task)
    if not task.locks then
      return true
    end
    read_nodes({ task })
    local covered = true
    for _, name in ipairs(own_nodes({ locks = task.locks })) do
      local found = false
      for _, id in ipairs(nodes[name].late or {}) do
        found = found or id == task.task_id
      end
      covered = covered and found
    end
    return covered
  end

  local function may_come_back(task)
    local ended = task.lease and task.lease.ended
    return (task.status == "ready" or task.status == "scheduled") and (ended == "expired" or ended == "timed_out")
  end

  local HAS_SLOTS = { running = true, ready = true, scheduled = true }

  -- Locks and keys are held while a task runs, whatever begins or ends that.
  table.insert(when_moved, function(task, before)
    if not needs_slot(task) or not HAS_SLOTS[before] then
      return
    end
    read_nodes({ task })
    if task.status == "running" then
      hold(task)
    elseif before == "running" then
      let_go(task, may_come_back(task))
    elseif not may_come_back(task) then
      forget_late(task)
    end
  end)

  local function write_nodes()
    local put, drop = {}, {}
    for name in pairs(changed) do
      local node = nodes[name]
      set_look(name)
      if next(node) then
        table.insert(put, name)
        table.insert(put, cjson.encode(node))
      else
        table.insert(drop, name)
      end
    end
    in_pieces(put, function(...)
      redis.call("HSET", locks, ...)
    end)
    in_pieces(drop, function(...)
      redis.call("HDEL", locks, ...)
    end)
    changed = {}
  end

  table.insert(before_writing, write_nodes)

  slots.needed = needs_slot
  slots.blocking = blocking_node
  slots.still_covered = still_covered
  slots.read = read_nodes
  -- What parking and audits need besides.
  slots.nodes, slots.own, slots.load, slots.change = nodes, own_nodes, load_nodes, change_node
  slots.strike, slots.list, slots.free, slots.set_look = strike, list_under, free, set_look
  slots.place, slots.comes_before, slots.is_ahead = node_place, comes_before, is_ahead
end
