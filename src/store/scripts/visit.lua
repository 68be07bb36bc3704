-- Names the projects that were looked at longest ago, and notes that they are looked at now.
local now = read_clock()
for _, project in ipairs(request.projects) do
  redis.call("ZADD", projects, "NX", 0, project)
end
local found = redis.call("ZRANGE", projects, 0, request.count - 1)
local visits = {}
for _, project in ipairs(found) do
  table.insert(visits, string.format("%.0f", now))
  table.insert(visits, project)
end
if #visits > 0 then
  redis.call("ZADD", projects, unpack(visits))
end
return '{"projects":' .. (#found > 0 and cjson.encode(found) or "[]") .. "}"
