-- Gives an agent its tasks with their leases. A poll whose reply was lost gives the same leases again, because the
-- agent still holds them.
local agent = request.agent
agent.checks = request.checks
local refusal = meet(agent)
if refusal then
  return cjson.encode(refusal)
end
local tasks = serve(agent)
return answer_with(with_notices('{"now":'
  .. string.format("%.0f", now())
  .. ',"agent_type":'
  .. cjson.encode(agent.agent_type)
  .. ',"channel":"'
  .. wake_channel(agent.agent_id)
  .. '","idle_ms":'
  .. string.format("%.0f", now() - (agent.record.idle_since or now()))
  .. ',"next_due":'
  .. look_again_at(agent)
  .. ',"tasks":'
  .. tasks
  .. "}"))
