-- Lists dead letters by error code: how many there are of each, and a page of them with their records.
read_control({ "next_due", "armed", "generation" })
sweep(LIMITS.sweep_per_call)

-- Steps from code to code: one look for the next code and one count for each, however many letters there are.
local groups = {}
local from = "-"
while #groups < LIMITS.dead_letter_groups do
  local first = redis.call("ZRANGE", dead, from, "+", "BYLEX", "LIMIT", 0, 1)[1]
  if not first then
    break
  end
  local code = string.match(first, "^(.*)|[^|]*$")
  local low = code .. "|"
  table.insert(groups, { code = code, count = redis.call("ZLEXCOUNT", dead, "[" .. low, "(" .. low .. "~") })
  from = "(" .. low .. "~"
end

local low = request.code and string.gsub(request.code, "|", "/") .. "|"
local page_from = request.after and "(" .. request.after or (low and "[" .. low or "-")
local page = redis.call("ZRANGE", dead, page_from, low and "(" .. low .. "~" or "+", "BYLEX", "LIMIT", 0, request.limit)
local names = {}
for _, member in ipairs(page) do
  table.insert(names, task_of(string.match(member, "|([^|]*)$")))
end
load(names)
local records = {}
for _, id in ipairs(names) do
  if known[id] then
    table.insert(records, cjson.encode(known[id]))
  end
end
return answer_with('{"now":'
  .. string.format("%.0f", now())
  .. ',"next":'
  .. (#page == request.limit and cjson.encode(page[#page]) or "null")
  .. ',"groups":['
  .. (#groups > 0 and string.sub(cjson.encode(groups), 2, -2) or "")
  .. '],"records":['
  .. table.concat(records, ",")
  .. "]}")
