-- Lists the circuit breakers that remember anything, or forces one: open, closed, or neither.
read_control({ "next_due", "armed", "generation" })
if request.force then
  local breaker = read_breaker(request.force.name) or {}
  local before = breaker_state(breaker) .. tostring(breaker.forced)
  breaker.forced = request.force.state
  breaker.probe = nil
  if not breaker.forced then
    breaker.until_ms = nil
  end
  write_breaker(request.force.name, breaker)
  local state = breaker_state(breaker)
  -- Nothing is told twice, so that a re-send leaves no trace.
  if state .. tostring(breaker.forced) ~= before then
    add_fact({ type = state == "open" and "breaker.opened" or "breaker.closed", breaker = request.force.name, forced = true })
    open_up(request.force.name)
  end
  flush()
end
sweep(LIMITS.sweep_per_call)

local names, cursor = {}, "0"
repeat
  local page = redis.call("HSCAN", control, cursor, "MATCH", "breaker:*", "COUNT", LIMITS.list_cap)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    control_values[page[2][i]] = page[2][i + 1]
    table.insert(names, page[2][i])
  end
until cursor == "0" or #names >= LIMITS.list_cap

local shown = {}
for _, name in ipairs(names) do
  table.insert(shown, shown_breaker(name))
end
return answer_with('{"now":' .. string.format("%.0f", now()) .. ',"breakers":[' .. table.concat(shown, ",") .. "]}")
