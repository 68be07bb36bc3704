-- Reviews: a result that has to be reviewed waits for a verdict, which another agent gives under a task of its own. The
-- review lives as long as its task waits for it: whichever of them ends otherwise takes the other along.
-- Depends on: unit, runs, moves, edges, failure.

local forget_result, request_review, give_verdict
do
  -- A result that was not accepted makes room for the next one.
  forget_result = function(task)
    outdate(task, task.result_blob)
    drop_raw(task.task_id .. ":result")
    task.result_blob, task.result_bytes = nil, nil
  end

  -- Makes the review of what `agent_id` has handed in. The limit of a run's tasks is for those who create them, and the
  -- lane was registered with the producer: nothing can be refused here.
  request_review = function(producer, agent_id)
    local run = run_with(producer)
    local number = run.tasks + 1
    local id = run.run_id .. "t" .. number
    producer.round = (producer.round or 0) + 1
    producer.review_task = id
    places[member_of(producer.task_id)] = false
    add_fact({ type = "task.review_requested", task_id = producer.task_id, attempt = producer.attempt, agent_id = agent_id, review = id, round = producer.round })
    add_fact({ type = "task.created", task_id = id, agent_type = producer.review.agent_type })
    -- These facts may be written before there is a record that says its type.
    add_fact({ type = "task.ready", task_id = id, agent_type = producer.review.agent_type })
    local reviewing = {
      task_id = id,
      title = "Review of " .. producer.task_id .. ", round " .. producer.round,
      agent_type = producer.review.agent_type,
      lane = producer.review.lane,
      priority = producer.priority,
      status = "ready",
      created_at = now(),
      created_by = producer.created_by,
      attempt = 0,
      payload_bytes = 0,
      reviews = producer.task_id,
      not_by = agent_id,
      -- Whoever reviews does so itself.
      delegation = { max_depth = 0, max_tasks = 0 },
    }
    run.tasks = number
    run.open = run.open + 1
    note_types(run, { reviewing })
    save(run)
    save(producer)
    save(reviewing)
    make_ready(reviewing)
  end

  -- The task does not wait for its verdict any more.
  local function end_review(producer)
    load({ producer.review_task })
    local reviewing = known[producer.review_task]
    producer.review_task = nil
    if reviewing and not TERMINAL[reviewing.status] then
      end_as_cancelled(reviewing)
    end
  end

  -- No verdict will come. The dead letter is the task that was to be reviewed: its review counts as dealt with. Whoever
  -- cancels a run comes to each of its tasks.
  local function miss_verdict(reviewing)
    local id = reviewing.reviews
    if reviewing.status == "failed" then
      add_fact({ type = "task.discarded", task_id = reviewing.task_id })
      reviewing.discarded_at = now()
      reviewing.note = "No verdict came of it: retry " .. id .. ", which it reviewed."
    end
    load({ id })
    local producer = known[id]
    local waits = producer and producer.status == "in_review" and producer.review_task == reviewing.task_id
    if waits and not (reviewing.status == "cancelled" and being_cancelled(run_with(reviewing))) then
      producer.error = '{"message":"Its review '
        .. reviewing.task_id
        .. " ended without a verdict ("
        .. reviewing.status
        .. ').","code":"review_unavailable"}'
      die(producer, "review_unavailable")
    end
  end

  table.insert(when_moved, function(task, before)
    if before == "in_review" and task.review_task then
      end_review(task)
    elseif task.reviews and (task.status == "failed" or task.status == "cancelled") then
      miss_verdict(task)
    end
  end)

  local function accept(producer, reviewing)
    add_fact({
      type = "task.completed",
      task_id = producer.task_id,
      attempt = producer.attempt,
      result_bytes = producer.result_bytes,
      review = reviewing.task_id,
    })
    move(producer, "accept")
    end_task(producer)
    follow_edges_anew(producer)
  end

  -- Keeps the verdict beside the task, for whoever does it again and for whoever looks at the dead letter.
  local function keep_verdict(producer, reviewing, text)
    local kept = producer.verdicts or {}
    table.insert(kept, reviewing.task_id)
    while #kept > LIMITS.verdicts_kept do
      drop_raw(producer.task_id .. ":verdict:" .. table.remove(kept, 1))
    end
    producer.verdicts = kept
    save_raw(
      producer.task_id .. ":verdict:" .. reviewing.task_id,
      '{"round":' .. producer.round .. ',"agent_id":' .. cjson.encode(reviewing.lease.agent_id) .. ',"verdict":' .. (text == "" and "null" or text) .. "}"
    )
  end

  local function send_back(producer, reviewing, text)
    keep_verdict(producer, reviewing, text)
    add_fact({
      type = "task.review_rejected",
      task_id = producer.task_id,
      attempt = producer.attempt,
      review = reviewing.task_id,
      round = producer.round,
    })
    if producer.round >= producer.review.max_rounds then
      producer.error = '{"message":"Its reviewers sent it back as often as they may (max_rounds: '
        .. producer.review.max_rounds
        .. ').","code":"review_rejected"}'
      die(producer, "review_rejected")
      return
    end
    add_fact({ type = "task.ready", task_id = producer.task_id, rework = true })
    move(producer, "rework")
    producer.prefer = { agent_id = reviewing.not_by, until_ms = now() + LIMITS.prefer_ms }
    make_ready(producer)
  end

  -- Does what a verdict says, once its review has completed. `passed` was worked out by the Worker, `text` is the verdict.
  -- Returns what it has made of the task that was reviewed. That waits for this review: had it gone on without, the review
  -- would have ended with that.
  give_verdict = function(reviewing, passed, text)
    load({ reviewing.reviews })
    local producer = known[reviewing.reviews]
    if passed then
      accept(producer, reviewing)
    else
      send_back(producer, reviewing, text)
    end
    return { task_id = producer.task_id, status = producer.status }
  end
end
