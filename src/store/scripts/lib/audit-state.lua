-- Compares the shared state with its list of names and with its timers.
-- Depends on: unit, audit; keys state and state_names.

local function names_listed(...)
  return redis.call("ZMSCORE", state_names, ...)
end

local function list_name(name)
  note(name .. " was missing among the names of the shared state")
  if request.repair then
    redis.call("ZADD", state_names, 0, name)
  end
end

-- A page of entries: returns the next page, and how many there were. A small hash comes as one page.
local function audit_entries(cursor)
  local page = redis.call("HSCAN", state, cursor, "COUNT", LIMITS.audit_page)
  local names, timers, expires = {}, {}, {}
  for i = 1, #page[2], 2 do
    local name = page[2][i]
    table.insert(names, name)
    table.insert(timers, "state:" .. name)
    expires[name] = tonumber(string.match(page[2][i + 1], "^%d+ (%d+) ")) or 0
  end
  local listed, scores = scores_of(names, names_listed), scores_of(timers, scores_in_line)
  for _, name in ipairs(names) do
    if not listed[name] then
      list_name(name)
    end
    -- A timer that is too early looks again; one of an entry that does not expire goes when it is due.
    local score = scores["state:" .. name]
    if expires[name] > 0 and (not score or score > expires[name] - LINE.timer_offset) then
      stand_timer("state:" .. name, expires[name])
      compare_place("state:" .. name, scores)
    end
  end
  return page[1] ~= "0" and "state:" .. page[1] or "names:-", #names
end

-- A page of names: those without an entry go.
local function audit_names(from)
  local names = redis.call("ZRANGE", state_names, from, "+", "BYLEX", "LIMIT", 0, LIMITS.audit_page)
  if #names == 0 then
    return nil, 0
  end
  for i, text in ipairs(redis.call("HMGET", state, unpack(names))) do
    if not text then
      note(names[i] .. " was among the names of the shared state for nothing")
      if request.repair then
        redis.call("ZREM", state_names, names[i])
      end
    end
  end
  return #names == LIMITS.audit_page and "names:(" .. names[#names] or nil, #names
end
