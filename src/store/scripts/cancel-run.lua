-- Cancels a run: marks it, ends a first batch of its open tasks, and leaves the rest as due work.
load({ request.run_id })
read_control({ "next_due", "armed", "generation" })
local run = known[request.run_id]
if not run then
  return '{"refused":"not_found"}'
end
local before = carried_out()
if before then
  return before
end
local open = run.status == "active"
local cancelled = cancel_run(run, LIMITS.control_tasks)
local quoted = {}
for i, id in ipairs(cancelled) do
  quoted[i] = '"' .. id .. '"'
end
local reply = '{"changed":[' .. table.concat(quoted, ",") .. '],"more":' .. tostring(run.cancel_from ~= nil) .. "}"
flush()
if open then
  remember(reply)
end
sweep(LIMITS.sweep_per_call)
return answer_with(reply)
