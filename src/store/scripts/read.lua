-- Reads records and texts by name, or a range of a run's tasks, after a bounded sweep so that nothing shown is stale.
read_control({ "next_due", "armed", "generation" })
sweep(LIMITS.sweep_per_call)
local names = request.names
load(names)
local range = request.range
local run = range and known[range.run_id]
if run then
  for number = range.from, math.min(run.tasks, range.from + range.count - 1) do
    table.insert(names, range.run_id .. "t" .. number)
  end
  load(names)
end

local records, texts = {}, {}
for _, name in ipairs(names) do
  if known[name] then
    table.insert(records, cjson.encode(known[name]))
  elseif raw[name] then
    table.insert(texts, cjson.encode(name) .. ":" .. raw[name])
  end
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"records":['
  .. table.concat(records, ",")
  .. '],"texts":{'
  .. table.concat(texts, ",")
  .. "}}")
