-- The unit of work: records are read into memory, changed there, and written by `flush`, so that every guard stands
-- before the first write (Redis does not undo) and a shard, the line and the control hash are written once each.
-- Depends on: clock, pieces; control, line, events, edges, shards, given_now.

local known, raw, changed = {}, {}, {}
-- Tasks without a run, which is being staged: they do not exist yet for anybody but the chunk that stages them.
local hidden = {}
local fields, gone, places, links, unlinks = {}, {}, {}, {}, {}
local control_values, control_changes, control_gone = {}, {}, {}
local facts, dead_changes = {}, {}
local clock = given_now

local function shard_of(id)
  return tonumber(string.match(id, "^r(%d+)")) % #shards + 1
end

local function run_of(task_id)
  return string.match(task_id, "^r%d+")
end

-- Reads records ("r1", "r1t2") and raw texts ("r1t2:payload"), one command per shard; what is known is not read again.
-- With a task comes its run, from the same shard.
local function load(names)
  local wanted, asked = {}, {}
  local function ask(name)
    if known[name] == nil and raw[name] == nil and not asked[name] then
      local shard = shard_of(name)
      wanted[shard] = wanted[shard] or {}
      table.insert(wanted[shard], name)
      asked[name] = true
    end
  end
  for _, name in ipairs(names) do
    ask(name)
    if not string.find(name, ":", 1, true) then
      ask(run_of(name))
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
  for name in pairs(asked) do
    if known[name] and not known[run_of(name)] then
      hidden[name] = known[name]
      known[name] = false
    end
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

-- What is known is not read again: it may have changed in this call.
local function read_control(names)
  local wanted = standing
  standing = {}
  for _, name in ipairs(names) do
    if control_values[name] == nil then
      table.insert(wanted, name)
    end
  end
  if #wanted > 0 then
    local values = redis.call("HMGET", control, unpack(wanted))
    for i, name in ipairs(wanted) do
      control_values[name] = values[i]
    end
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
  local lane = task.lane + (task.parked and LINE.parked_lanes or 0)
  places[member_of(task.task_id)] = lane * LINE.lane_width + task.order
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
  dead_changes[dead_member(task)] = 0
end

local function unearth(task)
  dead_changes[dead_member(task)] = false
end

local function link(upstream, downstream)
  table.insert(links, 0)
  table.insert(links, upstream .. "|" .. downstream)
end

-- Edges are followed as they are stored: those that this call has made must be among them.
local function write_links()
  in_pieces(links, function(...)
    redis.call("ZADD", edges, ...)
  end)
  links = {}
end

local function unlink(member)
  table.insert(unlinks, member)
end
