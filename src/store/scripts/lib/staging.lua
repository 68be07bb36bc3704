-- The record of a workflow that is being staged lies beside where its run will be: "r5:staging". As long as it is there,
-- and no run, the tasks are hidden. What nobody goes on with is removed by retention.
-- Depends on: unit, runs.

local function staging_member(run_id)
  return "staging:" .. run_id
end

-- Nothing, where no such run is being staged.
local function read_staging(run_id)
  local name = run_id .. ":staging"
  load({ run_id, name })
  return raw[name] and cjson.decode(raw[name]) or nil
end

local function save_staging(staging)
  save_raw(staging.run_id .. ":staging", cjson.encode(staging))
end

local function drop_staging(run_id)
  drop_raw(run_id .. ":staging")
  places[staging_member(run_id)] = false
end

-- The run is there from now on, and with it its tasks.
local function launch(staging)
  local run = new_run(staging.run_id, staging)
  add_fact({ type = "run.created", run_id = run.run_id })
  run.created_at = now()
  run.tasks = staging.total
  run.open = staging.total
  run.agent_types = staging.agent_types
  run.activated = 0
  save(run)
  drop_staging(run.run_id)
  return run
end
