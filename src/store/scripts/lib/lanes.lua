-- Lanes: the routing classes of a project. A lane is an agent type with required capabilities and an assignee.
-- Depends on: unit.

local function same_lane(lane, task)
  return lane.assignee == task.assignee
    and table.concat(lane.requires or {}, "\n") == table.concat(task.requires or {}, "\n")
end

-- The number of the task's lane, registered on first use. Nothing where the project has too many.
local function lane_of(task)
  local name = "lanes:" .. task.agent_type
  local lanes = cjson.decode(control_values[name] or "[]")
  for _, lane in ipairs(lanes) do
    if same_lane(lane, task) then
      return lane.id
    end
  end
  local id = (tonumber(control_values.lane_seq or "0") or 0) + 1
  if id > LIMITS.lanes then
    return nil
  end
  write_control("lane_seq", id)
  table.insert(lanes, { id = id, requires = task.requires, assignee = task.assignee })
  write_control(name, cjson.encode(lanes))
  return id
end
