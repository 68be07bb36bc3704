-- Parking: a ready task that cannot run now because of a lock or a full key stands in the twin of its lane, so that it is
-- never at a head, and in the zset `parked` as "<node>\n<order>\n<member>" under what stands in its way. When that node is
-- freed, its waiters are looked at in their order, as due work "unpark:<node>" in the line.
-- Depends on: pieces, unit, flush, waiters, moves, locks; key parked.

local parking = {}

do
  local registered = {}

  -- A waiter's place among the others: by node, then by order.
  local function parked_member(task)
    return task.parked .. "\n" .. string.format("%013.0f", task.order) .. "\n" .. member_of(task.task_id)
  end

  local function list_waiter(member, waits)
    registered[member] = waits and 0
  end

  -- Notes the task's turn under each of its nodes; the first few are kept, in order.
  local function set_turn(task, until_ms)
    for _, name in ipairs(slots.own(task)) do
      local before = slots.strike(name, "turns", task.task_id)
      local turns = slots.nodes[name].turns or {}
      local turn = { task_id = task.task_id, order = task.order, until_ms = until_ms }
      local at = 1
      while turns[at] and slots.comes_before(turns[at], turn) do
        at = at + 1
      end
      table.insert(turns, at, turn)
      local forgotten = table.remove(turns, LIMITS.lock_turns + 1)
      slots.change(name).turns = turns
      -- Whoever waits for a turn that is no more may go.
      local own = forgotten == turn
      if (forgotten and not own) or (before and (own or (before.until_ms and not until_ms))) then
        slots.free(name)
      end
    end
  end

  local function leave_waiters(task)
    if task.parked then
      list_waiter(parked_member(task), false)
      task.parked = nil
      save(task)
    end
  end

  -- The task stays ready, and waits beside its lane for the node to be freed.
  local function park(task, name)
    leave_waiters(task)
    task.parked = name
    save(task)
    stand_ready(task)
    list_waiter(parked_member(task), true)
    slots.change(name).waiting = true
    set_turn(task)
    slots.set_look(name)
  end

  -- Back to its lane: newer ones that overlap let it go first for a while.
  local function call_back(task)
    leave_waiters(task)
    stand_ready(task)
    set_turn(task, now() + LIMITS.turn_ms)
    wake(task)
  end

  -- Whoever runs has taken its turn; who gives it up makes room for others.
  local function end_turn(task)
    for _, name in ipairs(slots.own(task)) do
      if slots.strike(name, "turns", task.task_id) and task.status ~= "running" then
        slots.free(name)
      end
    end
  end

  -- Its order is about to change: it goes back to its lane, and the next claim says whether it has to wait.
  local function judge_anew(task)
    if not slots.needed(task) or task.status ~= "ready" then
      return
    end
    slots.read({ task })
    end_turn(task)
    if task.parked then
      leave_waiters(task)
      wake(task)
    end
  end

  table.insert(when_moved, function(task, before)
    if before == "ready" and task.status ~= "ready" and slots.needed(task) then
      slots.read({ task })
      leave_waiters(task)
      end_turn(task)
    end
  end)

  local function drop_lapsed_turns(node)
    local kept = {}
    for _, turn in ipairs(node.turns or {}) do
      if not turn.until_ms or turn.until_ms > now() then
        table.insert(kept, turn)
      end
    end
    node.turns = #kept > 0 and kept or nil
  end

  local function first_waiters(name)
    local low = name .. "\n"
    local members = redis.call("ZRANGE", parked, "[" .. low, "(" .. low .. "~", "BYLEX", "LIMIT", 0, LIMITS.waiters_per_look)
    local ids, found = {}, {}
    for i, member in ipairs(members) do
      ids[i] = task_of(string.match(member, "(%w+)$"))
    end
    load(ids)
    for i, member in ipairs(members) do
      local task = known[ids[i]]
      if task and task.parked and parked_member(task) == member then
        table.insert(found, task)
      else
        list_waiter(member, false)
      end
    end
    slots.read(found)
    return found, #members == LIMITS.waiters_per_look
  end

  -- A look at the first waiters of a node, in their order: whoever may run now is called back to its lane, the others are
  -- registered under what stands in their way now. Where none of them stays here, those behind them are next.
  local function look_at_waiters(name)
    -- The waiters are read as they are stored.
    flush()
    slots.load({ name })
    local node = slots.change(name)
    local at = slots.place(node)
    if not at or at > now() then
      -- A timer for nothing, or too early.
      places["unpark:" .. name] = at and at - LINE.timer_offset or false
      return
    end
    node.due = nil
    drop_lapsed_turns(node)
    local first, more = first_waiters(name)
    node.waiting = more or nil
    local stays = false
    for _, task in ipairs(first) do
      local blocking = slots.blocking(task)
      if blocking then
        park(task, blocking)
      else
        call_back(task)
      end
      stays = stays or blocking == name
    end
    if more and not stays then
      slots.free(name)
    end
  end

  -- What stands in the way of a parked task, for people: a few holders with their agents, and a few who go first.
  local function shown_node(task)
    slots.load({ task.parked })
    local node, holders, first = slots.nodes[task.parked], {}, {}
    for i = 1, math.min(#(node.held or {}), LIMITS.holders_shown) do
      table.insert(holders, node.held[i])
    end
    load(holders)
    for i, id in ipairs(holders) do
      holders[i] = { task_id = id, agent_id = known[id] and known[id].lease and known[id].lease.agent_id }
    end
    for _, turn in ipairs(node.turns or {}) do
      if slots.is_ahead(turn, task) then
        table.insert(first, turn.task_id)
      end
    end
    return cjson.encode({
      count = #(node.held or {}),
      held = #holders > 0 and holders or nil,
      first = #first > 0 and first or nil,
    })
  end

  local function write_waiters()
    local put, drop = put_and_drop(registered)
    in_pieces(put, function(...)
      redis.call("ZADD", parked, ...)
    end)
    in_pieces(drop, function(...)
      redis.call("ZREM", parked, ...)
    end)
    registered = {}
  end

  table.insert(before_writing, write_waiters)

  parking.park, parking.judge_anew, parking.look = park, judge_anew, look_at_waiters
  parking.member, parking.list, parking.shown = parked_member, list_waiter, shown_node
end
