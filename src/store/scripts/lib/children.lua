-- What the end of a child means for its parent, and that of a parent for those below it.
-- Depends on: unit, moves, questions, cancel.

local children_member, cancel_children, resume_parent
do
  -- How many tasks below others this call may still cancel.
  local cancels_left = LIMITS.cancels_per_call

  function children_member(parent)
    return "children:" .. parent.task_id
  end

  -- Cancels what is open below a task that failed or was cancelled. What one call cannot do is due work. The later ones
  -- go first: a dependent then ends before what it waits for.
  function cancel_children(parent)
    places[children_member(parent)] = false
    if cancels_left > 0 then
      load(parent.children)
    end
    for i = #parent.children, 1, -1 do
      if cancels_left == 0 then
        stand_timer(children_member(parent), now())
        return
      end
      local child = known[parent.children[i]]
      if child and not TERMINAL[child.status] then
        cancels_left = cancels_left - 1
        cancel_task(child)
      end
    end
  end

  -- It goes on, with their results.
  function resume_parent(parent)
    parent.children_seen = #parent.children
    resume(parent)
  end

  local function end_child(parent, child)
    if child.alone then
      return
    end
    parent.open_children = parent.open_children - 1
    save(parent)
    if parent.open_children == 0 and parent.suspended_for == "children" then
      resume_parent(parent)
    end
  end

  local function was_seen(parent, child)
    for i = 1, parent.children_seen or 0 do
      if parent.children[i] == child.task_id then
        return true
      end
    end
    return false
  end

  -- A parent that has its result already, or has ended, does not wait for it again.
  local function reopen_child(parent, child)
    local over = TERMINAL[parent.status] or parent.status == "in_review"
    if over or (parent.suspended_for ~= "children" and was_seen(parent, child)) then
      child.alone = true
      return
    end
    child.alone = nil
    parent.open_children = parent.open_children + 1
    save(parent)
  end

  local function tell_parent(child, reopened)
    load({ child.parent })
    local parent = known[child.parent]
    if not parent then
      return
    elseif reopened then
      reopen_child(parent, child)
    else
      end_child(parent, child)
    end
  end

  table.insert(when_moved, function(task, before)
    local reopened = TERMINAL[before]
    if task.parent and TERMINAL[task.status] ~= reopened then
      tell_parent(task, reopened)
    end
    if task.children and (task.status == "failed" or task.status == "cancelled") then
      cancel_children(task)
    end
  end)
end
