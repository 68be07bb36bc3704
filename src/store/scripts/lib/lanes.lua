-- Lanes: the routing classes of a project. A lane is an agent type with required capabilities and an assignee. It counts
-- the tasks that were created for it and are still kept: without any it goes some time later, and another lane gets its
-- number.
-- Depends on: unit, flush.

local lane_of, leave_lanes, forget_empty_lanes
do
  local read, changed = {}, {}

  local function lanes_of(agent_type)
    local name = "lanes:" .. agent_type
    read[name] = read[name] or cjson.decode(control_values[name] or "[]")
    return read[name], name
  end

  -- An empty list cannot be told from an empty object here.
  local function write_list(name, list)
    if #list > 0 then
      write_control(name, cjson.encode(list))
    else
      drop_control(name)
    end
  end

  local function same_lane(lane, task)
    return lane.assignee == task.assignee
      and table.concat(lane.requires or {}, "\n") == table.concat(task.requires or {}, "\n")
  end

  -- The lowest number that is free. Nothing where the project has too many lanes.
  local function take_number()
    local free = cjson.decode(control_values.free_lanes or "[]")
    local id = table.remove(free, 1)
    if id then
      write_list("free_lanes", free)
      return id
    end
    id = (tonumber(control_values.lane_seq or "0") or 0) + 1
    if id > LIMITS.lanes then
      return nil
    end
    write_control("lane_seq", id)
    return id
  end

  local function find_lane(task)
    local lanes, name = lanes_of(task.agent_type)
    for _, lane in ipairs(lanes) do
      if same_lane(lane, task) then
        return lane, name
      end
    end
    local id = take_number()
    if not id then
      return nil
    end
    local lane = { id = id, requires = task.requires, assignee = task.assignee, tasks = 0 }
    table.insert(lanes, lane)
    return lane, name
  end

  -- The number of the task's lane, registered on first use, for so many more tasks; 0: they come later. Nothing where the
  -- project has too many.
  function lane_of(task, tasks)
    local lane, name = find_lane(task)
    if not lane then
      return nil
    end
    lane.tasks = lane.tasks + tasks
    lane.since = lane.tasks == 0 and now() or nil
    changed[name] = true
    return lane.id
  end

  local function leave(agent_type, id)
    local lanes, name = lanes_of(agent_type)
    for _, lane in ipairs(lanes) do
      if lane.id == id then
        lane.tasks = lane.tasks - 1
        changed[name] = true
      end
    end
  end

  -- The tasks were removed. A review stands in the lane that its task has taken for it.
  function leave_lanes(tasks)
    local names, asked, left = {}, {}, {}
    for _, task in ipairs(tasks) do
      table.insert(left, not task.reviews and task or nil)
      table.insert(left, task.review)
    end
    for _, one in ipairs(left) do
      if not asked[one.agent_type] then
        asked[one.agent_type] = true
        table.insert(names, "lanes:" .. one.agent_type)
      end
    end
    if #names > 0 then
      read_control(names)
    end
    for _, one in ipairs(left) do
      leave(one.agent_type, one.lane)
    end
  end

  -- Forgets those without tasks, unless somebody is about to create some.
  function forget_empty_lanes(name, text)
    local kept, free = {}, cjson.decode(control_values.free_lanes or "[]")
    local before = #free
    for _, lane in ipairs(cjson.decode(text)) do
      if lane.tasks > 0 or (lane.since or 0) > now() - LIMITS.lane_kept_ms then
        table.insert(kept, lane)
      else
        table.insert(free, lane.id)
      end
    end
    if #free > before then
      table.sort(free)
      write_list("free_lanes", free)
      write_list(name, kept)
    end
  end

  table.insert(before_writing, function()
    for name in pairs(changed) do
      write_list(name, read[name])
    end
    changed = {}
  end)
end
