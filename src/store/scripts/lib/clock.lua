-- The time that every script goes by: the one it was given, or else Redis' own. Milliseconds.
-- Depends on: given_now.

local function read_clock()
  if given_now > 0 then
    return given_now
  end
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
