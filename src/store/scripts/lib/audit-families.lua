-- Compares what delegated tasks say of those above them with what those say of them, and with due work.
-- Depends on: unit, children, audit.

-- What each task of a run has below it, by what those say of themselves.
local function families_of(names)
  local families = {}
  local function family(id)
    families[id] = families[id] or { children = {}, open = 0, below = 0 }
    return families[id]
  end
  for _, id in ipairs(names) do
    local task = known[id]
    if task and task.parent then
      local own = family(task.parent)
      table.insert(own.children, id)
      own.open = own.open + ((task.alone or TERMINAL[task.status]) and 0 or 1)
      for _, above in ipairs(task.ancestors) do
        family(above).below = family(above).below + 1
      end
    end
  end
  return families
end

local function list_children(parent, children)
  local listed = {}
  for _, id in ipairs(parent.children or {}) do
    listed[id] = true
  end
  for _, id in ipairs(children) do
    if not listed[id] then
      parent.children = parent.children or {}
      table.insert(parent.children, id)
      note(parent.task_id .. " did not know of its child " .. id)
      save(parent)
    end
  end
end

local function audit_family(parent, family, scores)
  list_children(parent, family.children)
  -- What was removed is no longer counted.
  if family.open ~= parent.open_children or family.below > (parent.delegated or 0) then
    note(parent.task_id .. " counted " .. tostring(parent.open_children) .. " open children and " .. tostring(parent.delegated) .. " tasks below it; it has " .. family.open .. " and " .. family.below)
    parent.open_children = family.open
    parent.delegated = math.max(family.below, parent.delegated or 0)
    save(parent)
  end
  local over = parent.status == "failed" or parent.status == "cancelled"
  if family.open == 0 and parent.suspended_for == "children" then
    note(parent.task_id .. " waited for children that have ended")
    resume_parent(parent)
  elseif family.open > 0 and over and not scores[children_member(parent)] then
    note(parent.task_id .. " is " .. parent.status .. ", and its children went on")
    stand_timer(children_member(parent), now())
  end
end

-- All tasks of the run at once, as when they are counted.
local function audit_families(run)
  -- Facts that are told before the time is known would be written at once.
  now()
  local names = {}
  for number = 1, run.tasks do
    names[number] = run.run_id .. "t" .. number
  end
  load(names)
  local families, parents, members = families_of(names), {}, {}
  for id in pairs(families) do
    if known[id] then
      table.insert(parents, id)
      table.insert(members, children_member(known[id]))
    end
  end
  local scores = scores_of(members, scores_in_line)
  for _, id in ipairs(parents) do
    audit_family(known[id], families[id], scores)
  end
end
