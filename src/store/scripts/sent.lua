-- Notes that the tick of this generation has reached QStash: until then it waits to be sent again.
if tonumber(redis.call("HGET", control, "generation") or "0") == request.generation then
  redis.call("HSET", control, "sent", request.generation)
end
return "{}"
