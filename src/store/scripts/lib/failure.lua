-- What follows when an attempt fails, or a worker is never heard of again: another attempt after a pause, or a dead
-- letter.
-- Depends on: unit, breaker, moves, edges.

local void_lease, die, follow_failure, lose, miss
do
  -- Ends a lease that somebody else's decision makes worthless.
  function void_lease(task)
    local ended = task.lease and task.lease.ended
    if task.lease and not ended then
      return_probe(task)
    end
    if task.lease and (not ended or ended == "expired" or ended == "timed_out") then
      close_attempt(task, "voided")
    end
  end

  -- Between 0 and 1, the same for the same lease: a script must not depend on chance, or a re-send would differ.
  local function luck(task)
    return tonumber(string.sub(redis.sha1hex(task.lease.check), 1, 8), 16) / 4294967296
  end

  -- Milliseconds to wait before the attempt after the nth failure.
  local function backoff_ms(task, nth)
    local policy = task.retry or {}
    local initial = (policy.initial_seconds or RETRY.initial_seconds) * 1000
    local longest = (policy.max_seconds or RETRY.max_seconds) * 1000
    local wait = math.min(longest, initial * (policy.factor or RETRY.factor) ^ (nth - 1))
    if (policy.jitter or RETRY.jitter) == "full" then
      wait = wait * luck(task)
    end
    return math.floor(wait)
  end

  -- No attempt follows. The task waits as a dead letter until somebody retries or discards it.
  function die(task, code)
    add_fact({ type = "task.failed", task_id = task.task_id, attempt = task.attempt, code = code })
    move(task, "fail")
    task.error_code = code
    end_task(task)
    -- Some count as dealt with from the start.
    if not task.discarded_at then
      bury(task)
    end
    follow_edges_anew(task)
  end

  -- The time of the next attempt, or nothing where none may follow. Counts the failure.
  local function next_attempt(task, category, floor_ms)
    local meaning = CATEGORIES[category]
    local nth
    if meaning.counted then
      task.failures = (task.failures or 0) + 1
      nth = task.failures
      if not meaning.retried or nth >= ((task.retry or {}).max_attempts or RETRY.max_attempts) then
        return nil
      end
    else
      task.rate_limits = (task.rate_limits or 0) + 1
      nth = task.rate_limits
      if nth > LIMITS.rate_limits then
        return nil
      end
    end
    local at = now() + math.max(backoff_ms(task, nth), floor_ms)
    if task.deadline and at >= task.deadline then
      return nil
    end
    return at
  end

  -- After a failed attempt: `category` decides. The attempt itself has been closed.
  function follow_failure(task, failure)
    note_outcome(task, CATEGORIES[failure.category].tripping and "bad" or "neutral")
    local at = next_attempt(task, failure.category, failure.floor_ms)
    if not at then
      die(task, failure.code)
      return
    end
    add_fact({ type = "task.retry_scheduled", task_id = task.task_id, attempt = task.attempt, at = at })
    move(task, "retry")
    make_scheduled(task, at)
  end

  -- The lease ran out ("expired"), or its holder was replaced. Others may claim; three silent losses in a row are poison,
  -- and running too long is a failure.
  function lose(task, how)
    local timed_out = how == "expired" and task.lease.until_ms >= last_moment(task)
    -- Whoever had less time than usual need not have died.
    task.lost = task.lease.alive and 0 or (task.lost or 0) + (task.lease.shortened and 0 or 1)
    add_fact({ type = "task.lease_lost", task_id = task.task_id, attempt = task.attempt, agent_id = task.lease.agent_id })
    if timed_out then
      task.error = '{"message":"It ran as long as one attempt may (max_run_seconds).","category":"timeout","code":"max_run"}'
      close_attempt(task, "timed_out")
      follow_failure(task, { category = "timeout", code = "max_run", floor_ms = 0 })
    elseif task.lost >= LIMITS.lost_in_a_row then
      task.error = '{"message":"Its workers were lost without a word, three times in a row.","code":"poison"}'
      close_attempt(task, how)
      note_outcome(task, "bad")
      die(task, "poison")
    else
      close_attempt(task, how)
      note_outcome(task, "bad")
      move(task, "expire")
      make_ready(task)
    end
  end

  -- A deadline passed: nothing of the task counts any more.
  function miss(task, code)
    void_lease(task)
    task.error = '{"message":"'
      .. (code == "deadline" and "Its deadline passed." or "Nobody claimed it in time (start_within_seconds).")
      .. '","category":"timeout","code":"'
      .. code
      .. '"}'
    die(task, code)
  end
end
