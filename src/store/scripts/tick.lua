-- A look at the clock by a tick, the watchdog or a person: sweeps a batch of due items and says how far behind it is.
-- Only the tick that is armed makes room for its successor, and only when nothing more is due or when it looks for the
-- last time: so neither doubles nor a backlog multiply ticks.
read_control({ "next_due", "armed", "generation", "sent", "early", "agents", "absent_from" })
local handled = sweep(request.limit)
if request.resend then
  note_absent()
end
local next_due = tonumber(control_values.next_due or "0") or 0
local due = next_due > 0 and next_due <= now()
local generation = tonumber(control_values.generation or "0") or 0
-- One that comes well before its time arms its successor for the same time, but only a few times in a row: where QStash
-- delivers at once, whatever it was told, successors would chase each other. The last one stays armed, and whoever finds
-- it overdue arms the next.
local early = (tonumber(control_values.armed or "0") or 0) > now() + LIMITS.tick_early_ms
local early_before = tonumber(control_values.early or "0") or 0
if request.generation == generation and (request.last or not due) then
  if not early then
    write_control("armed", "0")
    no_tick_before = now() + LIMITS.tick_slack_ms
    if early_before > 0 then
      write_control("early", "0")
    end
  elseif early_before < LIMITS.early_ticks then
    write_control("armed", "0")
    write_control("early", early_before + 1)
  end
end
now()
flush()
-- A tick that was armed and never reached QStash, as far as anybody knows, is sent again under its generation.
local armed = tonumber(control_values.armed or "0") or 0
if request.resend and not tick and armed > 0 and tonumber(control_values.sent or "0") ~= generation then
  tick = { at = armed, generation = generation }
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"swept":'
  .. handled
  .. ',"due":'
  .. tostring(due)
  .. ',"overdue_ms":'
  .. (due and now() - next_due or 0)
  .. "}")
