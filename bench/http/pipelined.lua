-- For wrk: so many requests at once on each connection, as its first argument says.
function init(args)
  local requests = {}
  for i = 1, tonumber(args[1]) do requests[i] = wrk.format() end
  together = table.concat(requests)
end

function request() return together end
