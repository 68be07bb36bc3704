-- Runs a client's script as `main`, with a `redis` of its own that counts calls and, where asked, refuses undeclared
-- keys. It is joined into one line and put before the first line of the script, so that line numbers stay true; hence
-- no comment may share a line with code. GUARD_LOCKED, GUARD_STRICT, GUARD_SPOTS, GUARD_ZEROS, GUARD_COUNTS
-- and GUARD_TABLE are filled in by script-wrapper.ts. It runs before every script, so what is seldom needed is inside one function, `seldom`, which
-- costs nothing until it is called.
--
-- Replies {1, value, 0, ...} or {0, error, line, ...}, followed by the counts of the names in GUARD_SPOTS in their order,
-- and then by name and count of each command that was not among them.
local redis, type, error, pcall, native = redis, type, error, pcall, redis.pcall
-- Where the keys of each command are: a number of the list in command-table.ts, -1 if it is refused, -2 if only under
-- key locking. It starts with the names that occur in the script; others are looked up once.
local spots, counts, declared = GUARD_SPOTS, GUARD_ZEROS, {}
local raised, raised_line, others
if GUARD_LOCKED then
  for i = 1, #KEYS do declared[KEYS[i]] = true end
else
  setmetatable(declared, { __index = function() return true end })
end

-- The line of the Lua code `level` frames above the caller, or nil if there is none there.
local function line_at(level)
  local _, position = pcall(error, '', level + 1)
  return tonumber(position:match(':(%d+): $'))
end

-- For what the quick test in `call` and `pcall` leaves open: the refusal's text if the call may not be made.
local function seldom(name, ...)
  if type(name) ~= 'string' then return nil end
  local args, n = { ... }, select('#', ...)
  if not spots[name] then
    local all = GUARD_TABLE
    spots[name] = all[name:upper()] or 1
    others = others or {}
    others[#others + 1] = name
  end
  local spot = spots[name]
  if spot == -1 then
    return "ERR Command is not available: '" .. name:upper() .. "'. See https://upstash.com/docs/redis/overall/rediscompatibility for details"
  end
  if not GUARD_LOCKED or spot == 0 then return nil end
  if spot == -2 then
    return "ERR '" .. name:upper() .. "' is not allowed in Lua scripts when 'allow-key-locking' flag is set"
  end
  local function undeclared(first, last, step)
    for i = first, last, step or 1 do
      local key = args[i]
      if type(key) == 'number' then key = string.format('%.17g', key) end
      if type(key) == 'string' and not declared[key] then
        return "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: " .. key
      end
    end
  end
  local function word_at(word)
    for i = 1, n do
      if type(args[i]) == 'string' and args[i]:upper() == word then return i end
    end
  end
  if spot == 1 then return undeclared(1, 1) end
  if spot == 2 then return undeclared(1, n) end
  if spot == 3 then return undeclared(1, 2) end
  if spot == 4 then return undeclared(1, n, 2) end
  if spot == 5 then return undeclared(2, n) end
  if spot == 6 then return undeclared(2, 1 + (tonumber(args[1]) or 0)) end
  if spot == 7 then return undeclared(1, 1) or undeclared(3, 2 + (tonumber(args[2]) or 0)) end
  if spot == 8 then
    local word = word_at('STREAMS')
    return word and undeclared(word + 1, word + (n - word) / 2)
  end
  if spot == 9 then return undeclared(2, 2) end
  if spot == 10 then return undeclared(1, n - 1) end
  if spot == 11 then return undeclared(1, n, 3) end
  local store = word_at('STORE') or word_at('STOREDIST')
  return undeclared(1, 1) or (store and undeclared(store + 1, store + 1))
end

-- The embedded engine shortens large numbers and aborts on other types: give it what Redis itself would make of them.
local send = native
if GUARD_STRICT then
  send = function(...)
    local args, n = { ... }, select('#', ...)
    for i = 1, n do
      if type(args[i]) == 'number' then args[i] = string.format('%.17g', args[i]) end
      if type(args[i]) ~= 'string' then
        return { err = 'ERR Lua redis lib command arguments must be strings or integers' }
      end
    end
    return native(unpack(args, 1, n))
  end
end

local guarded = setmetatable({
  call = function(...)
    local name, key = ...
    local spot, refused, reply = spots[name or '']
    if spot ~= 0 and not (spot == 1 and declared[key or '']) then refused = seldom(...) end
    if name then counts[name] = (counts[name] or 0) + 1 end
    if refused then reply = { err = refused } else reply = send(...) end
    if type(reply) == 'table' and reply.err then
      raised, raised_line = reply, nil
      if not refused then raised_line = line_at(3) end
      error(reply)
    end
    return reply
  end,
  pcall = function(...)
    local name, key = ...
    local spot, refused = spots[name or '']
    if spot ~= 0 and not (spot == 1 and declared[key or '']) then refused = seldom(...) end
    if name then counts[name] = (counts[name] or 0) + 1 end
    if refused then return { err = refused } end
    return send(...)
  end,
}, { __index = redis })

-- Redis hands the text of an error table to the caller of pcall; the embedded engine hands over the table.
local function guarded_pcall(...)
  local function text_of(ok, problem, ...)
    if not ok and type(problem) == 'table' and type(problem.err) == 'string' then return ok, problem.err end
    return ok, problem, ...
  end
  return text_of(pcall(...))
end

local function explain(problem)
  local line
  if problem == raised then line = raised_line else line = line_at(3) or line_at(4) end
  if type(problem) ~= 'table' then return { 'ERR ' .. tostring(problem), line } end
  return { type(problem.err) == 'string' and problem.err or 'ERR unknown error', line }
end

local ok, value = xpcall(function() return main(guarded, guarded_pcall) end, explain)
local line = 0
if not ok then
  if type(value) ~= 'table' then value = { 'ERR ' .. tostring(value) } end
  line, value = value[2] or 0, value[1]
elseif value == nil then
  value = false
end
local out = { ok and 1 or 0, value, line, GUARD_COUNTS }
if others then
  for i = 1, #others do
    out[#out + 1] = others[i]
    out[#out + 1] = counts[others[i]]
  end
end
return out
