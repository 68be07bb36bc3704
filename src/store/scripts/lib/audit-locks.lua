-- Compares the table of locks and the lists of waiters with the records.
-- Depends on: unit, locks, parking, audit; keys locks and parked.

local audit_slots, audit_nodes, audit_waiters, is_look_wanted

do
  local function scores_among_waiters(...)
    return redis.call("ZMSCORE", parked, ...)
  end

  local function belongs_to(task, name)
    for _, own in ipairs(slots.own(task)) do
      if own == name then
        return true
      end
    end
    return false
  end

  local function is_listed(entries, id)
    for _, entry in ipairs(entries or {}) do
      if entry == id then
        return true
      end
    end
    return false
  end

  -- Whoever runs has what it needs, and whoever is parked will be looked at some time.
  audit_slots = function(names)
    local tasks, members = {}, {}
    for _, id in ipairs(names) do
      local task = known[id]
      if task and slots.needed(task) then
        table.insert(tasks, task)
        if task.parked then
          table.insert(members, parking.member(task))
        end
      end
    end
    slots.read(tasks)
    local listed = scores_of(members, scores_among_waiters)
    for _, task in ipairs(tasks) do
      for _, name in ipairs(task.status == "running" and slots.own(task) or {}) do
        if not is_listed(slots.nodes[name].held, task.task_id) then
          slots.list(name, "held", task.task_id)
          note(task.task_id .. " was missing among the holders of " .. name)
        end
      end
      if task.parked and not listed[parking.member(task)] then
        parking.list(parking.member(task), true)
        note(task.task_id .. " was missing among the waiters of " .. task.parked)
      end
      if task.parked and not slots.nodes[task.parked].waiting then
        slots.nodes[task.parked].waiting = true
        slots.free(task.parked)
        note(task.parked .. " did not know that " .. task.task_id .. " waits")
      end
    end
  end

  local VALID = {
    held = function(task)
      return task.status == "running"
    end,
    late = function(task)
      return task.status == "ready" or task.status == "scheduled"
    end,
    turns = function(task, turn)
      return task.status == "ready" and task.order == turn.order
    end,
  }

  local function audit_node(name)
    for list, is_valid in pairs(VALID) do
      for _, entry in ipairs({ unpack(slots.nodes[name][list] or {}) }) do
        local id = type(entry) == "table" and entry.task_id or entry
        local task = known[id]
        if not task or not belongs_to(task, name) or not is_valid(task, entry) then
          slots.strike(name, list, id)
          slots.free(name)
          note(id .. " stood among the " .. list .. " of " .. name .. " for nothing")
        end
      end
    end
    local node = slots.nodes[name]
    if node.waiting and not node.held and not node.turns and not node.due then
      slots.free(name)
      note("nobody would look at the waiters of " .. name)
    end
  end

  -- A page of the table: returns the next page, and how many nodes there were. A small table comes as one page.
  audit_nodes = function(cursor)
    local page = redis.call("HSCAN", locks, cursor, "COUNT", LIMITS.audit_page)
    local names, ids, timers = {}, {}, {}
    for i = 1, #page[2], 2 do
      table.insert(names, page[2][i])
      table.insert(timers, "unpark:" .. page[2][i])
    end
    slots.load(names)
    for _, name in ipairs(names) do
      for list in pairs(VALID) do
        for _, entry in ipairs(slots.nodes[name][list] or {}) do
          table.insert(ids, type(entry) == "table" and entry.task_id or entry)
        end
      end
    end
    load(ids)
    local scores = scores_of(timers, scores_in_line)
    for i, name in ipairs(names) do
      audit_node(name)
      local at = slots.place(slots.nodes[name])
      places[timers[i]] = false
      if at then
        stand_timer(timers[i], at)
      end
      compare_place(timers[i], scores)
    end
    return page[1] ~= "0" and "locks:" .. page[1] or "parked:-", #names
  end

  -- A page of waiters: those that are not parked there go.
  audit_waiters = function(from)
    local members = redis.call("ZRANGE", parked, from, "+", "BYLEX", "LIMIT", 0, LIMITS.audit_page)
    local ids = {}
    for i, member in ipairs(members) do
      ids[i] = task_of(string.match(member, "(%w+)$") or "") or ""
    end
    load(ids)
    for i, member in ipairs(members) do
      local task = known[ids[i]]
      if not task or not task.parked or parking.member(task) ~= member then
        parking.list(member, false)
        note(ids[i] .. " stood among waiters for nothing")
      end
    end
    return #members == LIMITS.audit_page and "parked:(" .. members[#members] or "state:0", #members
  end

  is_look_wanted = function(member)
    local name = string.match(member, "^unpark:(.+)$")
    slots.load({ name })
    return slots.place(slots.nodes[name]) ~= nil
  end
end
