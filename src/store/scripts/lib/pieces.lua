-- The arguments of commands about many things at once. It stands on nothing.

-- Calls `send` with a long list in pieces: Lua passes on only some thousands of arguments, and a command should end
-- soon. Pairs stay together.
local function in_pieces(list, send)
  for first = 1, #list, LIMITS.arguments do
    send(unpack(list, first, math.min(first + LIMITS.arguments - 1, #list)))
  end
end

-- What ZADD takes of members with their scores, and what ZREM: those that have false for a score.
local function put_and_drop(scores)
  local put, drop = {}, {}
  for member, score in pairs(scores) do
    if score then
      table.insert(put, string.format("%.0f", score))
      table.insert(put, member)
    else
      table.insert(drop, member)
    end
  end
  return put, drop
end
