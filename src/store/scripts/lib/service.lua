-- Whether ready tasks are served: which types nobody polls for, and which breakers hold tasks back.
-- Depends on: unit, breaker.

-- What the control hash says of the types, in one command together with `names`.
local function read_service(agent_types, names)
  for _, agent_type in ipairs(agent_types) do
    table.insert(names, "watch:" .. agent_type)
    table.insert(names, "lanes:" .. agent_type)
    table.insert(names, "breaker:type:" .. agent_type)
  end
  read_control(names)
end

-- Nobody waits for work of the type, and nobody has asked for any lately. It is noted only now and then.
local function is_quiet(agent_type)
  local polled = cjson.decode(control_values.types or "{}")[agent_type] or 0
  local waited_for = tonumber(control_values["watch:" .. agent_type] or "0") or 0
  return waited_for <= now() and polled < now() - LIMITS.types_noted_ms - LIMITS.offline_seconds * 1000
end

local function is_held_back(agent_type)
  return breaker_state(read_breaker("breaker:type:" .. agent_type)) ~= "closed"
end

-- The breakers that may hold these tasks back, as JSON text.
local function breakers_of(tasks)
  local names, known_names = {}, {}
  local function add(name)
    if not known_names[name] then
      known_names[name] = true
      table.insert(names, name)
    end
  end
  for _, task in ipairs(tasks) do
    add("breaker:type:" .. task.agent_type)
    if task.assignee then
      add("breaker:agent:" .. task.assignee)
    end
  end
  read_control(names)
  local shown = {}
  for _, name in ipairs(names) do
    table.insert(shown, shown_breaker(name))
  end
  return "[" .. table.concat(shown, ",") .. "]"
end

local function records_as_text(names)
  local records = {}
  for _, name in ipairs(names) do
    if known[name] then
      table.insert(records, cjson.encode(known[name]))
    end
  end
  return "[" .. table.concat(records, ",") .. "]"
end
