-- Schedules: their records, and their timers in the line.
-- Depends on: unit; keys schedules and idempotency.

local function schedule_ids()
  return cjson.decode(redis.call("HGET", schedules, "ids") or "[]")
end

-- cjson writes an empty list as an object.
local function write_ids(ids)
  if #ids > 0 then
    redis.call("HSET", schedules, "ids", cjson.encode(ids))
  else
    redis.call("HDEL", schedules, "ids")
  end
end

local function read_schedule(id)
  local text = redis.call("HGET", schedules, id)
  return text and cjson.decode(text)
end

local function write_schedule(schedule)
  redis.call("HSET", schedules, schedule.schedule_id, cjson.encode(schedule))
end

local function cron_member(id)
  return "cron:" .. id
end

-- Where it belongs in the line. The scripts about schedules do not sweep: what is due at once gets a tick.
local function stand_schedule(schedule)
  swept = true
  local member = cron_member(schedule.schedule_id)
  if schedule.firing then
    stand_timer(member, now() + LIMITS.cron_again_ms)
  elseif schedule.waiting then
    stand_timer(member, now() + LIMITS.cron_waits_ms)
  elseif schedule.next_at then
    stand_timer(member, schedule.next_at)
  else
    places[member] = false
  end
end

-- Whether the run that it made last still goes on.
local function goes_on(schedule)
  local run = schedule.last_run
  if not run then
    return false
  end
  load({ run })
  return known[run] and known[run].status == "active" or false
end

local function tell_schedule(type, schedule, at)
  add_fact({ type = "schedule." .. type, schedule_id = schedule.schedule_id, due_at = at, run_id = schedule.last_run })
end
