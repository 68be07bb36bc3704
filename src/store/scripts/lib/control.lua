-- What an orchestrator or a person does to a task. Each action either refuses with a reason and changes nothing, or is
-- done to the end.
-- Depends on: unit, runs, moves, parking, questions, edges, failure, cancel, review.

local cancel, redrive, discard, promote, answer, send_message, set_priority
do
  function cancel(task)
    if not may(task, "cancel") then
      return "it is " .. task.status .. " already"
    end
    cancel_task(task)
  end

  -- A deadline that has passed counts no more once somebody lets the task go on.
  local function forget_past_deadline(task)
    if task.deadline and task.deadline <= now() then
      places[deadline_member(task)] = false
      task.deadline = nil
    end
  end

  -- Why a task that its dependencies do not let begin any more cannot be tried again.
  local function refuse_in_vain(because)
    if not because then
      return "its trigger rule is one_failed, and none of its dependencies failed: it has nothing to do"
    elseif known[because].status == "cancelled" then
      return "it depends on " .. because .. ", which was cancelled: create it again without that dependency"
    end
    return "it depends on " .. because .. ", which is " .. known[because].status .. ": have that one done first"
  end

  -- A task that failed before it could begin, by its deadline, still waits for its dependencies. Takes note of how they are
  -- now. Returns whether it waits, or a reason why it cannot be tried again.
  local function wait_again(task)
    if verdict_of(task) == "run" then
      return false
    end
    local ids = {}
    for i, dependency in ipairs(task.dependencies) do
      ids[i] = dependency.task_id
    end
    load(ids)
    local dependencies, open = dependencies_now(task)
    for _, dependency in ipairs(dependencies) do
      if not known[dependency.task_id] and dependency.ended ~= "completed" then
        return false, "it depends on " .. dependency.task_id .. ", which was removed after its retention: create it again"
      end
    end
    local verdict, because = verdict_of({ dependencies = dependencies, open_dependencies = open, trigger_rule = task.trigger_rule })
    if verdict == "skip" then
      return false, refuse_in_vain(because)
    end
    task.dependencies, task.open_dependencies = dependencies, open
    return verdict == "wait"
  end

  -- A dead letter is tried again: a fresh budget, attempt numbers that go on, and what it made skipped is revived.
  function redrive(task, changes)
    if task.reviews then
      return "it is a review: retry " .. task.reviews .. ", which it reviewed"
    elseif not may(task, "redrive") then
      return "only a failed task can be retried; it is " .. task.status
    elseif being_cancelled(run_with(task)) then
      return "its run is being cancelled; retry it once that has ended"
    end
    local waits, vain = wait_again(task)
    if vain then
      return vain
    end
    if not task.discarded_at then
      unearth(task)
    end
    local had_deadline = task.deadline ~= nil
    void_lease(task)
    reopen_task(task)
    if waits then
      move(task, "redrive_to_blocked")
    else
      add_fact({ type = "task.ready", task_id = task.task_id, retried = true })
      move(task, "redrive")
    end
    for _, field in ipairs({ "failures", "rate_limits", "lost", "error", "error_code", "discarded_at", "note", "avoid", "prefer", "start_at", "order", "round" }) do
      task[field] = nil
    end
    local payload_before = task.payload_blob
    for _, field in ipairs(changes.cleared) do
      task[field] = nil
    end
    for field, value in pairs(changes.fields) do
      task[field] = value
    end
    if changes.payload then
      outdate(task, payload_before)
      task.payload_bytes = changes.payload_bytes
      task.payload_blob = changes.payload_blob
      if task.payload_blob then
        redis.call("SET", blob, text)
        drop_raw(task.task_id .. ":payload")
      else
        save_raw(task.task_id .. ":payload", text)
      end
    end
    if task.deadline and task.deadline <= now() then
      task.deadline = nil
    end
    if task.deadline then
      stand_timer(deadline_member(task), task.deadline)
    elseif had_deadline then
      places[deadline_member(task)] = false
    end
    if waits then
      listen(task)
    else
      make_ready(task)
    end
    follow_edges_anew(task)
  end

  function discard(task, note)
    if task.status ~= "failed" then
      return "only a failed task can be discarded; it is " .. task.status
    elseif task.discarded_at then
      return "it was discarded already"
    end
    unearth(task)
    add_fact({ type = "task.discarded", task_id = task.task_id })
    task.discarded_at = now()
    stand_until_removal(task)
    task.note = note
    save(task)
  end

  -- The raw text of a late result, and where it lies if it is large.
  local function late_parts(late)
    local at = string.find(late, ',"result":', 1, true)
    if at then
      return string.sub(late, at + 10, -2), nil
    end
    return nil, late_blob(late)
  end

  -- Who made a late result: that stands in front of it.
  local function late_maker(late)
    local at = string.find(late, ',"at":', 1, true)
    return cjson.decode(string.sub(late, 1, at - 1) .. "}").agent_id
  end

  -- Whoever takes a late result for the task's result decides that it came in time, not that it is good: what is reviewed
  -- is reviewed all the same, with a fresh budget of rounds.
  function promote(task)
    local attempts = task.late_results
    local late = attempts and raw[task.task_id .. ":late:" .. attempts[#attempts]]
    local name = task.review and "promote_to_review" or "promote"
    if task.reviews then
      return "it is a review: its verdict counts only under its lease"
    elseif not late then
      return "it has no late result"
    elseif not may(task, name) then
      return "it is " .. task.status .. " already"
    elseif task.review and being_cancelled(run_with(task)) then
      return "its run is being cancelled; promote it once that has ended"
    elseif task.has_schema and request.late.fit[task.task_id] ~= attempts[#attempts] then
      return request.late.unfit[task.task_id] or "a further late result has come just now; promote again"
    elseif (task.open_children or 0) > 0 then
      return "it has open children (" .. task.open_children .. "): let them end, or cancel them first"
    end
    local result_text, result_blob = late_parts(late)
    if not task.review then
      add_fact({ type = "task.completed", task_id = task.task_id, attempt = attempts[#attempts], promoted = true })
    end
    if task.status == "failed" and not task.discarded_at then
      unearth(task)
    end
    local cancelled = run_with(task).cancelled
    if TERMINAL[task.status] then
      reopen_task(task)
    end
    move(task, name)
    void_lease(task)
    task.error, task.error_code, task.discarded_at, task.note = nil, nil, nil, nil
    task.promoted = attempts[#attempts]
    forget_result(task)
    task.result_blob = result_blob
    if result_text then
      task.result_bytes = #result_text
      save_raw(task.task_id .. ":result", result_text)
    end
    if task.review then
      forget_past_deadline(task)
      task.round, task.progress, task.lost = nil, nil, nil
      request_review(task, late_maker(late))
    else
      -- It does not go on: a run that was cancelled stays so.
      run_with(task).cancelled = cancelled
      end_task(task)
    end
    follow_edges_anew(task)
  end

  function answer(task, said)
    if task.suspended_for ~= "answer" then
      return "it has no open question; it is " .. task.status
    elseif doomed(task) then
      return "its run was cancelled"
    end
    task.answers = task.answers or {}
    table.insert(task.answers, { question = task.question, answer = said })
    if #task.answers > LIMITS.answers_kept then
      table.remove(task.answers, 1)
    end
    resume(task)
  end

  -- For whoever works on the task, now or next.
  function send_message(task, said)
    if TERMINAL[task.status] then
      return "it is " .. task.status .. " already"
    elseif doomed(task) then
      return "its run was cancelled"
    end
    add_fact({ type = "message.sent", task_id = task.task_id })
    task.messages = task.messages or {}
    table.insert(task.messages, { text = said, at = now() })
    if #task.messages > LIMITS.messages_kept then
      table.remove(task.messages, 1)
    end
    save(task)
  end

  function set_priority(task, priority)
    if TERMINAL[task.status] then
      return "it is " .. task.status .. " already"
    end
    parking.judge_anew(task)
    if task.order then
      task.order = task.order + (priority - task.priority) * LINE.priority_step_ms
    end
    task.priority = priority
    save(task)
    if task.status == "ready" then
      stand_ready(task)
    end
  end
end
