-- Reads one key of the shared state, or the next page of all that begin with a prefix.
read_control({ "next_due", "armed", "generation" })
local refusal = renew_along(request.lease)
if refusal then
  return refusal
end
flush()
sweep(LIMITS.sweep_per_call)
local names = { request.name }
local more = false
if request.prefix then
  local low = request.after and "(" .. request.after or "[" .. request.prefix
  names = redis.call("ZRANGE", state_names, low, "(" .. request.prefix .. "\255", "BYLEX", "LIMIT", 0, LIMITS.state_page + 1)
  more = #names > LIMITS.state_page
  names[LIMITS.state_page + 1] = nil
end
local shown = {}
if #names > 0 then
  for i, text in ipairs(redis.call("HMGET", state, unpack(names))) do
    local entry = parse_entry(text)
    if entry and not entry.gone then
      table.insert(shown, shown_entry(names[i], entry))
    end
  end
end
return answer_with(with_notices('{"more":' .. (more and cjson.encode(names[#names]) or "null") .. ',"entries":[' .. table.concat(shown, ",") .. "]}"))
