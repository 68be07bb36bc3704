-- One entry of the shared state: "<version> <expiry in ms, or 0> <JSON>". The JSON is never decoded here.
-- Depends on: unit.

local function parse_entry(text)
  if not text then
    return nil
  end
  local version, expires, value = string.match(text, "^(%d+) (%d+) (.*)$")
  expires = tonumber(expires)
  return {
    version = tonumber(version),
    expires = expires,
    value = value,
    gone = expires > 0 and expires <= now(),
  }
end

local function shown_entry(name, entry)
  return '{"name":' .. cjson.encode(name) .. ',"version":' .. entry.version .. ',"value":' .. entry.value .. "}"
end
