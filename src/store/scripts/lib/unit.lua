-- The unit of work: records are read into memory, changed there, and written by `flush`, so that every guard stands
-- before the first write (Redis does not undo) and a shard, the line and the control hash are written once each.
-- Depends on: clock; control, line, events, edges, shards, given_now.

local known, raw, changed = {}, {}, {}
local fields, gone, places, links, unlinks = {}, {}, {}, {}, {}
local control_values, control_changes, control_gone = {}, {}, {}
local facts, wakes, dead_changes = {}, {}, {}
local clock = given_now

local function shard_of(id)
  return tonumber(string.match(id, "^r(%d+)")) % #shards + 1
end

local function run_of(task_id)
  return string.match(task_id, "^r%d+")
end

-- Calls `send` with a long list in pieces: Lua passes on only some thousands of arguments, and a command should end
-- soon. Pairs stay together.
local function in_pieces(list, send)
  for first = 1, #list, LIMITS.arguments do
    send(unpack(list, first, math.min(first + LIMITS.arguments - 1, #list)))
  end
end

-- Reads records ("r1", "r1t2") and raw texts ("r1t2:payload"), one command per shard; what is known is not read again.
local function load(names)
  local wanted = {}
  for _, name in ipairs(names) do
    if known[name] == nil and raw[name] == nil then
      local shard = shard_of(name)
      wanted[shard] = wanted[shard] or {}
      table.insert(wanted[shard], name)
    end
  end
  for shard, list in pairs(wanted) do
    in_pieces(list, function(...)
      local values = redis.call("HMGET", shards[shard], ...)
      for i, name in ipairs({ ... }) do
        if string.find(name, ":", 1, true) then
          raw[name] = values[i]
        else
          known[name] = values[i] and cjson.decode(values[i])
        end
      end
    end)
  end
end

local function save(record)
  local id = record.task_id or record.run_id
  known[id] = record
  changed[id] = true
end

-- Keeps an agent's text beside its record. It is never decoded here: cjson would turn [] into {} and round numbers.
local function save_raw(name, text)
  raw[name] = text
  fields[name] = text
  gone[name] = nil
end

local function drop_raw(name)
  fields[name] = nil
  gone[name] = true
end

-- What every call must know is read along with the first fields that it asks for.
local standing = { "webhooks", "dispatching", "listened" }

local function read_control(names)
  for _, name in ipairs(standing) do
    table.insert(names, name)
  end
  standing = {}
  local values = redis.call("HMGET", control, unpack(names))
  for i, name in ipairs(names) do
    control_values[name] = values[i]
  end
end

local function write_control(name, value)
  control_values[name] = value
  control_changes[name] = value
end

local function drop_control(name)
  control_values[name] = false
  control_changes[name] = nil
  table.insert(control_gone, name)
end

local function add_fact(fact)
  table.insert(facts, fact)
end

-- Set once the call has told anything: there may be somebody to tell it to.
local told = false

-- One stream entry for all facts of a call. Its id is the time of the change, so that it also serves as the clock.
local function publish_facts()
  told = true
  for _, fact in ipairs(facts) do
    local task = fact.task_id and known[fact.task_id]
    fact.agent_type = fact.agent_type or (task and task.agent_type) or nil
  end
  local id = "*"
  if given_now > 0 then
    id = string.format("%.0f-*", given_now)
  end
  local entry =
    redis.call("XADD", events, "MAXLEN", "~", LIMITS.events_kept, id, "facts", cjson.encode(facts))
  facts = {}
  return tonumber(string.match(entry, "^%d+"))
end

-- Milliseconds of Redis' clock, the same throughout a call. Call it only once nothing can be refused any more, or
-- before the first fact: with facts at hand it writes them.
local function now()
  if clock == 0 then
    if #facts > 0 then
      clock = publish_facts()
    else
      clock = read_clock()
    end
  end
  return clock
end

-- Members of the line sort like the numbers in them ("r9t10" before "r10t2"): each number is led by a letter for its
-- length. Equal scores are then first come, first served.
local function member_of(task_id)
  local run, task = string.match(task_id, "^r(%d+)t(%d+)$")
  return string.char(96 + #run) .. run .. string.char(96 + #task) .. task
end

local function task_of(member)
  local run, task = string.match(member, "^%l(%d+)%l(%d+)$")
  return run and ("r" .. run .. "t" .. task)
end

local function stand_ready(task)
  places[member_of(task.task_id)] = task.lane * LINE.lane_width + task.order
end

local function stand_timer(member, at)
  places[member] = at - LINE.timer_offset
  local next_due = tonumber(control_values.next_due or "0") or 0
  if next_due == 0 or at < next_due then
    write_control("next_due", string.format("%.0f", at))
  end
end

-- What has ended stands in lane 0, in order of its removal: no timer, so that it arms no tick.
local function stand_until_removal(task)
  local dead = task.status == "failed" and not task.discarded_at
  local kept = dead and LIMITS.dead_letter_kept_ms or LIMITS.run_kept_ms
  places[member_of(task.task_id)] = task.ended_at + kept
end

-- Dead letters are listed by error code: "<code>|<member>", all scores 0.
local function dead_member(task)
  return string.gsub(task.error_code, "|", "/") .. "|" .. member_of(task.task_id)
end

local function bury(task)
  dead_changes[dead_member(task)] = true
end

local function unearth(task)
  dead_changes[dead_member(task)] = false
end

local function link(upstream, downstream)
  table.insert(links, 0)
  table.insert(links, upstream .. "|" .. downstream)
end

local function unlink(member)
  table.insert(unlinks, member)
end

-- Agent types are free text; a channel's name goes into a URL and must not hold a comma.
local function wake_channel(agent_type)
  return control .. ":wake:" .. redis.sha1hex(agent_type)
end

local function wake(agent_type)
  wakes[agent_type] = true
end

local function write_shards()
  local writes, drops = {}, {}
  local function put(name, value)
    local shard = shard_of(name)
    writes[shard] = writes[shard] or {}
    table.insert(writes[shard], name)
    table.insert(writes[shard], value)
  end
  for id in pairs(changed) do
    put(id, cjson.encode(known[id]))
  end
  for name, text in pairs(fields) do
    put(name, text)
  end
  for name in pairs(gone) do
    local shard = shard_of(name)
    drops[shard] = drops[shard] or {}
    table.insert(drops[shard], name)
  end
  for shard, values in pairs(writes) do
    in_pieces(values, function(...)
      redis.call("HSET", shards[shard], ...)
    end)
  end
  for shard, names in pairs(drops) do
    redis.call("HDEL", shards[shard], unpack(names))
  end
end

local function write_line()
  local put, drop = {}, {}
  for member, score in pairs(places) do
    if score then
      table.insert(put, string.format("%.0f", score))
      table.insert(put, member)
    else
      table.insert(drop, member)
    end
  end
  in_pieces(put, function(...)
    redis.call("ZADD", line, ...)
  end)
  in_pieces(drop, function(...)
    redis.call("ZREM", line, ...)
  end)
end

local function write_dead_letters()
  local put, drop = {}, {}
  for member, buried in pairs(dead_changes) do
    if buried then
      table.insert(put, 0)
      table.insert(put, member)
    else
      table.insert(drop, member)
    end
  end
  if #put > 0 then
    redis.call("ZADD", dead, unpack(put))
  end
  if #drop > 0 then
    redis.call("ZREM", dead, unpack(drop))
  end
end

local function write_control_changes()
  local values = {}
  for name, value in pairs(control_changes) do
    table.insert(values, name)
    table.insert(values, value)
  end
  in_pieces(control_gone, function(...)
    redis.call("HDEL", control, ...)
  end)
  if #values > 0 then
    redis.call("HSET", control, unpack(values))
  end
end

-- Tells waiters that there is work, but only where somebody waits. A lost message costs time, never work.
local function publish_wakes()
  local names = {}
  for agent_type in pairs(wakes) do
    if control_values["watch:" .. agent_type] == nil then
      table.insert(names, "watch:" .. agent_type)
    end
  end
  if #names > 0 then
    read_control(names)
  end
  for agent_type in pairs(wakes) do
    if (tonumber(control_values["watch:" .. agent_type] or "0") or 0) > now() then
      redis.call("PUBLISH", wake_channel(agent_type), "work")
    end
  end
end

-- One tick is armed for the next deadline. Whoever makes an earlier one arms again, under a new generation, so that a
-- tick which comes late or twice knows that it is not the one. The call that armed it tells the caller to send it.
local tick
-- Whether this call has swept, and before when a tick that arms its successor wants none, so that many deadlines close
-- together do not take a tick each.
local swept, no_tick_before = false, 0

local function arm_tick()
  local next_due = tonumber(control_values.next_due or "0") or 0
  local armed = tonumber(control_values.armed or "0") or 0
  if next_due == 0 or clock == 0 or control_values.generation == nil then
    return
  end
  -- What is due already is swept by this call before it ends: only what that leaves needs a tick.
  if next_due <= clock and not swept then
    return
  end
  local lost = armed > 0 and armed < clock - LIMITS.tick_lost_ms
  if armed > 0 and not lost and armed <= next_due + LIMITS.tick_slack_ms then
    return
  end
  local at = next_due <= clock and clock or math.max(next_due, no_tick_before)
  tick = {
    at = math.min(at, clock + LIMITS.tick_ahead_ms),
    generation = (tonumber(control_values.generation or "0") or 0) + 1,
  }
  write_control("armed", string.format("%.0f", tick.at))
  write_control("generation", tick.generation)
end

-- Tells those who follow the event log that there is something new; nobody follows it, nothing is sent.
local function announce_events()
  if told and (tonumber(control_values.listened or "0") or 0) > clock then
    redis.call("PUBLISH", control .. ":events", "new")
    told = false
  end
end

-- Whether the caller is to make webhook deliveries of what the event log tells. One caller at a time, unless it seems to
-- have died; the watchdog looks too.
local outbox_due = false

local function arm_outbox()
  local since = tonumber(control_values.dispatching or "0") or 0
  if told and control_values.webhooks and since < clock - LIMITS.webhook_dispatch_ms then
    outbox_due = true
    write_control("dispatching", string.format("%.0f", clock))
  end
end

-- Schedules whose time has come: Lua knows no calendar, so the caller makes their runs.
local due_schedules = {}

local function flush()
  if #facts > 0 then
    local time = publish_facts()
    if clock == 0 then
      clock = time
    end
  end
  arm_tick()
  arm_outbox()
  write_shards()
  write_line()
  write_dead_letters()
  in_pieces(links, function(...)
    redis.call("ZADD", edges, ...)
  end)
  in_pieces(unlinks, function(...)
    redis.call("ZREM", edges, ...)
  end)
  write_control_changes()
  publish_wakes()
  announce_events()
  changed, fields, gone, places, links, unlinks = {}, {}, {}, {}, {}, {}
  control_changes, control_gone, wakes, dead_changes = {}, {}, {}, {}
end

-- What every script replies with: its JSON text, and the tick to send where one was armed. Scripts that only read arm one
-- too, where the one before was lost.
local function answer_with(text)
  flush()
  local hints = outbox_due and ',"outbox":true' or ""
  if #due_schedules > 0 then
    hints = hints .. ',"schedules_due":' .. cjson.encode(due_schedules)
  end
  if tick then
    hints = hints
      .. ',"tick":{"at":'
      .. string.format("%.0f", tick.at)
      .. ',"wait_ms":'
      .. string.format("%.0f", math.max(0, tick.at - now()))
      .. ',"generation":'
      .. tick.generation
      .. "}"
  end
  return hints == "" and text or string.sub(text, 1, -2) .. hints .. "}"
end
