-- How many callbacks QStash has given up, and the last of them, newest first.
local listed = redis.call("ZRANGE", failures, 0, request.count - 1, "REV", "WITHSCORES")
local last = {}
for i = 1, #listed, 2 do
  table.insert(last, '{"at":' .. listed[i + 1] .. ',"failure":' .. listed[i] .. "}")
end
return '{"count":' .. (redis.call("HGET", counts, "failed_callbacks") or "0") .. ',"last":[' .. table.concat(last, ",") .. "]}"
