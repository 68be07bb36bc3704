/** What `options` may hold: one line for models, since a schema of it would cost every agent hundreds of tokens. */

export const TASK_OPTIONS =
  'review {agent_type, criteria, threshold, max_rounds}; locks [path or name; "src/" covers all below]; requires [capability]; assignee; delegation {agent_types, max_depth, max_tasks}; retry {max_attempts, initial_seconds}; lease_seconds, start_within_seconds, max_run_seconds; deadline, start_at (ISO time); concurrency_key, concurrency_limit; result_schema; trigger_rule all_success|all_done|one_failed';
