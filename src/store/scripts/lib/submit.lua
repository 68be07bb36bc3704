-- What a submit does to its task.
-- Depends on: unit, breaker, runs, moves, edges, failure, children, review, lease.

local to_check, complete, fail, release, ask, wait_for_children, unfit, keep_late
do
  local function keep_result(task, submit)
    if submit.blob ~= "" then
      redis.call("SET", blob, result)
    elseif result ~= "" then
      save_raw(task.task_id .. ":result", result)
    end
  end

  -- What is submitted with anything but `completed` is for whoever continues.
  local function keep_notes(task)
    if result ~= "" then
      task.has_notes = true
      save_raw(task.task_id .. ":notes", result)
    end
  end

  -- What the Worker has to check before a completed attempt counts; nothing where it has, or need not. No result is
  -- decoded here.
  function to_check(task, submit)
    if submit.status ~= "completed" or submit.checked then
      return nil
    elseif task.reviews then
      load({ task.reviews })
      return '{"check":{"threshold":' .. known[task.reviews].review.threshold .. "}}"
    elseif not task.has_schema then
      return nil
    end
    local name = task.task_id .. ":schema"
    load({ name })
    return '{"check":{"schema":' .. raw[name] .. "}}"
  end

  -- The attempt says itself how it ended. That it ran too long was counted as its failure: now it fails once at the most,
  -- and what is handed back uses up nothing.
  local function forget_loss(task)
    if task.lease.ended == "timed_out" then
      task.failures = task.failures - 1
    end
    task.progress = nil
    task.lost = nil
  end

  -- Its result waits for a reviewer.
  local function hand_in(task, submit)
    move(task, "review")
    forget_loss(task)
    forget_result(task)
    task.result_bytes = submit.result_bytes
    if submit.blob ~= "" then
      task.result_blob = submit.blob
    end
    request_review(task, task.lease.agent_id)
    close_attempt(task, "completed")
    note_outcome(task, "good")
    keep_result(task, submit)
  end

  -- Returns what a verdict has made of the task that was reviewed.
  function complete(task, submit)
    if task.review then
      hand_in(task, submit)
      return nil
    end
    add_fact({ type = "task.completed", task_id = task.task_id, attempt = task.attempt, agent_id = task.lease.agent_id, result_bytes = submit.result_bytes })
    move(task, "complete")
    task.result_bytes = submit.result_bytes
    if submit.blob ~= "" then
      task.result_blob = submit.blob
    end
    end_task(task)
    close_attempt(task, "completed")
    note_outcome(task, "good")
    keep_result(task, submit)
    follow_edges_anew(task)
    return task.reviews and give_verdict(task, submit.passed, result)
  end

  function fail(task, submit)
    forget_loss(task)
    task.error = submit.error
    keep_notes(task)
    close_attempt(task, "failed")
    follow_failure(task, {
      category = submit.category,
      code = submit.error_code,
      floor_ms = submit.retry_after_ms,
    })
  end

  -- Handed back undone: other agents go first for a while.
  function release(task)
    add_fact({ type = "task.ready", task_id = task.task_id, attempt = task.attempt, released_by = task.lease.agent_id })
    move(task, "release")
    forget_loss(task)
    task.avoid = { agent_id = task.lease.agent_id, until_ms = now() + LIMITS.avoid_ms }
    keep_notes(task)
    return_probe(task)
    close_attempt(task, "released")
    make_ready(task)
  end

  -- Gives the lease back until what it waits for comes. That is no failure: it uses up nothing, and says nothing about the
  -- agent.
  local function suspend(task, reason, outcome)
    add_fact({ type = "task.suspended", task_id = task.task_id, attempt = task.attempt, agent_id = task.lease.agent_id, suspended_for = reason })
    move(task, "suspend")
    forget_loss(task)
    task.suspended_for = reason
    keep_notes(task)
    return_probe(task)
    close_attempt(task, outcome)
    places[member_of(task.task_id)] = false
  end

  function ask(task, submit)
    suspend(task, "answer", "needs_input")
    task.question = submit.question
    note_change(task, "question")
  end

  function wait_for_children(task)
    suspend(task, "children", "waiting")
    if task.open_children == 0 then
      resume_parent(task)
    end
  end

  -- The children that the task has to wait for.
  local function open_children_of(task)
    local open = {}
    load(task.children)
    for _, id in ipairs(task.children) do
      local child = known[id]
      if child and not child.alone and not TERMINAL[child.status] then
        table.insert(open, id)
      end
    end
    return open
  end

  -- Why the submit cannot be accepted as it is; the lease is as good as before.
  function unfit(task, submit)
    if submit.status == "waiting" and not task.children then
      return { refused = "no_children" }
    elseif submit.status == "completed" and (task.open_children or 0) > 0 then
      return { refused = "children_open", ids = open_children_of(task) }
    end
  end

  -- Keeps what came too late beside the record, the last few only, so that no finished work is thrown away.
  function keep_late(task, lease, submit)
    local kept = task.late_results or {}
    for _, attempt in ipairs(kept) do
      if attempt == lease.attempt then
        return
      end
    end
    add_fact({ type = "task.late_result", task_id = task.task_id, attempt = lease.attempt })
    local past = past_attempt(task, lease)
    table.insert(kept, lease.attempt)
    while #kept > LIMITS.late_results_kept do
      local dropped = task.task_id .. ":late:" .. table.remove(kept, 1)
      load({ dropped })
      outdate(task, late_blob(raw[dropped]))
      drop_raw(dropped)
    end
    task.late_results = kept
    save(task)
    note_change(task, "late_result")
    add_usage(task, submit.usage)
    local text = '{"attempt":' .. lease.attempt .. ',"agent_id":' .. cjson.encode(past.agent_id) .. ',"at":' .. string.format("%.0f", now())
    if submit.blob ~= "" then
      redis.call("SET", blob, result)
      text = text .. ',"result_blob":' .. cjson.encode(submit.blob) .. "}"
    else
      text = text .. ',"result":' .. (result == "" and "null" or result) .. "}"
    end
    save_raw(task.task_id .. ":late:" .. lease.attempt, text)
  end
end
