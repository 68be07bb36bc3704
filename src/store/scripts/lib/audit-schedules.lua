-- Compares schedules with their list and their timers. There are few: all at once.
-- Depends on: unit, schedules, audit.

local function is_in(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then
      return true
    end
  end
  return false
end

-- How late it may be looked at: what was found due is told again, and one that waits is looked at now and then.
local function latest_look(schedule)
  if schedule.waiting and not schedule.firing then
    return now() + LIMITS.cron_waits_ms
  elseif schedule.firing or schedule.next_at <= now() then
    return now() + LIMITS.cron_again_ms
  end
  return schedule.next_at
end

-- All records, whatever the list says. A hash that small takes a page or two.
local function stored_schedules()
  local records, cursor = {}, "0"
  for _ = 1, LIMITS.schedules do
    local page = redis.call("HSCAN", schedules, cursor, "COUNT", LIMITS.schedules)
    for i = 1, #page[2], 2 do
      if string.find(page[2][i], "^s%d+$") then
        records[page[2][i]] = cjson.decode(page[2][i + 1])
      end
    end
    cursor = page[1]
    if cursor == "0" then
      break
    end
  end
  return records
end

local function audit_schedules()
  local listed, records, members, missing = schedule_ids(), {}, {}, false
  for id, schedule in pairs(stored_schedules()) do
    table.insert(records, schedule)
    table.insert(members, cron_member(id))
    missing = missing or not is_in(listed, id)
  end
  if missing or #listed ~= #records then
    local ids = {}
    for _, schedule in ipairs(records) do
      table.insert(ids, schedule.schedule_id)
    end
    table.sort(ids, function(a, b)
      return tonumber(string.sub(a, 2)) < tonumber(string.sub(b, 2))
    end)
    note("the list of schedules was " .. table.concat(listed, ",") .. "; there are " .. table.concat(ids, ","))
    if request.repair then
      write_ids(ids)
    end
  end
  local scores = scores_of(members, scores_in_line)
  for i, schedule in ipairs(records) do
    local score = scores[members[i]]
    local due = schedule.firing or schedule.next_at
    if due and (not score or score > latest_look(schedule) - LINE.timer_offset) then
      places[members[i]] = nil
      stand_schedule(schedule)
      note(members[i] .. " stood at " .. tostring(score) .. " in the line, and belongs at " .. tostring(places[members[i]]))
    end
  end
  return nil, #records
end
