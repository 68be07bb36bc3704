-- Writes what a call has changed, one command for each kind of key, and says what its caller is to do besides.
-- Depends on: pieces, unit.

-- What belongs to a change and is decided last, before it is written: chunks that stand on this one add themselves.
local before_writing = {}

-- One tick is armed for the next deadline. Whoever makes an earlier one arms again, under a new generation, so that a
-- tick which comes late or twice knows that it is not the one. The call that armed it tells the caller to send it.
local tick
-- Whether this call has swept, and before when a tick that arms its successor wants none, so that many deadlines close
-- together do not take a tick each.
local swept, no_tick_before = false, 0

-- Schedules whose time has come: Lua knows no calendar, so the caller makes their runs.
local due_schedules = {}

local arm_tick, write_control_changes, flush, answer_with
do
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
    local put, drop = put_and_drop(places)
    in_pieces(put, function(...)
      redis.call("ZADD", line, ...)
    end)
    in_pieces(drop, function(...)
      redis.call("ZREM", line, ...)
    end)
  end

  local function write_dead_letters()
    local put, drop = put_and_drop(dead_changes)
    in_pieces(put, function(...)
      redis.call("ZADD", dead, ...)
    end)
    in_pieces(drop, function(...)
      redis.call("ZREM", dead, ...)
    end)
  end

  function write_control_changes()
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

  function arm_tick()
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

  function flush()
    if #facts > 0 then
      local time = publish_facts()
      if clock == 0 then
        clock = time
      end
    end
    for _, decide in ipairs(before_writing) do
      decide()
    end
    arm_tick()
    arm_outbox()
    -- First of all: Redis may run out of memory on the way, and takes nothing back. A number that was taken, a deadline or
    -- a lease too much in an index do no harm, while those that are missing hide what was written.
    write_control_changes()
    write_shards()
    write_line()
    write_dead_letters()
    write_links()
    in_pieces(unlinks, function(...)
      redis.call("ZREM", edges, ...)
    end)
    announce_events()
    changed, fields, gone, places, unlinks = {}, {}, {}, {}, {}
    control_changes, control_gone, dead_changes = {}, {}, {}
  end

  -- What every script replies with: its JSON text, and the tick to send where one was armed. Scripts that only read arm one
  -- too, where the one before was lost.
  function answer_with(text)
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
end
