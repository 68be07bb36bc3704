-- What happened since the outbox was last turned into deliveries, with the endpoints to tell. The event log is the
-- outbox: a change and its event are written by the same script, so that neither exists without the other.
local scanned = redis.call("HGET", webhooks, "scanned") or "0-0"
local entry = string.match(scanned, "^%d+%-%d+")
-- A place within an entry: the rest of that one comes first.
local from = entry == scanned and "(" .. entry or entry
local endpoints = all_endpoints()
local found, oldest = {}, nil
if #endpoints > 0 then
  found = redis.call("XRANGE", events, from, "+", "COUNT", LIMITS.webhook_events_per_step)
  oldest = redis.call("XRANGE", events, "-", "+", "COUNT", 1)[1]
end
if #found == 0 then
  -- Nobody needs to look again before the next change.
  redis.call("HDEL", control, "dispatching")
end
local entries = {}
for i, one in ipairs(found) do
  entries[i] = '{"id":"' .. one[1] .. '","facts":' .. one[2][2] .. "}"
end
return '{"now":'
  .. string.format("%.0f", now_ms)
  .. ',"scanned":"'
  .. scanned
  .. '","oldest":"'
  .. (oldest and oldest[1] or scanned)
  .. '","entries":'
  .. list_of(entries)
  .. ',"endpoints":'
  .. list_of(endpoints)
  .. "}"
