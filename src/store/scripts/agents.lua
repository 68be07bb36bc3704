-- Lists agents with the tasks that they really hold.
read_control({ "next_due", "armed", "generation" })
sweep(LIMITS.sweep_per_call)
local agents, cursor = {}, request.cursor
repeat
  local page = redis.call("HSCAN", control, cursor, "MATCH", "agent:*", "COUNT", LIMITS.list_cap)
  cursor = page[1]
  for i = 2, #page[2], 2 do
    table.insert(agents, cjson.decode(page[2][i]))
  end
until cursor == "0" or #agents >= LIMITS.list_cap

local names = {}
for _, agent in ipairs(agents) do
  for _, id in ipairs(agent.holds or {}) do
    table.insert(names, id)
  end
end
load(names)
local shown = {}
for _, agent in ipairs(agents) do
  local held
  for _, id in ipairs(agent.holds or {}) do
    local lease = known[id] and known[id].lease
    if lease and not lease.ended and lease.agent_id == agent.agent_id then
      held = held or {}
      table.insert(held, id)
    end
  end
  agent.holds = held
  table.insert(shown, cjson.encode(agent))
end
return answer_with('{"now":' .. string.format("%.0f", now()) .. ',"cursor":"' .. cursor .. '","agents":[' .. table.concat(shown, ",") .. "]}")
