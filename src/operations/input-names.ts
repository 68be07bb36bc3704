/** The names that clients use for our parameters: what is ignored, what is renamed, what is only suggested. */
import { nearest } from "../domain/nearest.ts";

/** Some clients add these to every call for their own book-keeping. */
export const IGNORED: ReadonlySet<string> = new Set(["wait_for_previous", "toolCallId"]);

/** Other names that are accepted as they are. */
export const RENAMED: ReadonlyMap<string, string> = new Map([["ttl", "ttl_seconds"]]);

/** Other spellings of an enumerated value, accepted wherever the value itself is allowed. */
export const RENAMED_VALUES: ReadonlyMap<string, string> = new Map([
  ["pending", "ready"],
  ["in_progress", "running"],
]);

/** What people write for our names where spelling alone does not lead there. The first that the tool has is suggested. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    workflow_id: ["run_id"],
    workflow: ["run_id", "name"],
    flow_id: ["run_id"],
    job_id: ["task_id", "run_id"],
    ticket_id: ["task_id"],
    id: ["task_id", "run_id", "agent_id", "key"],
    ids: ["task_ids"],
    tasks: ["task_ids"],
    steps: ["tasks"],
    jobs: ["tasks"],
    worker_id: ["agent_id"],
    worker: ["agent_id"],
    agent: ["agent_id", "agent_type"],
    agent_name: ["agent_id"],
    name: ["agent_id", "key"],
    type: ["agent_type"],
    events: ["types"],
    event_types: ["types"],
    task_type: ["agent_type"],
    role: ["agent_type"],
    queue: ["agent_type"],
    skills: ["capabilities"],
    description: ["task_description", "message"],
    instructions: ["task_description"],
    prompt: ["task_description"],
    title: ["task_description", "name"],
    task: ["task_description", "task_id"],
    goal: ["task_description"],
    input: ["context"],
    inputs: ["context"],
    data: ["context", "result", "value"],
    payload: ["context", "result", "value"],
    params: ["context"],
    depends_on: ["dependencies"],
    blocked_by: ["dependencies"],
    after: ["dependencies"],
    deps: ["dependencies"],
    token: ["lease"],
    lock: ["lease"],
    output: ["result"],
    answer: ["result", "text"],
    results: ["result"],
    state: ["status"],
    outcome: ["status"],
    reason: ["error", "message", "text"],
    failure: ["error"],
    percent: ["progress"],
    note: ["message", "text"],
    notes: ["message", "text"],
    comment: ["message", "text"],
    count: ["max_tasks", "limit"],
    limit: ["max_tasks"],
    max: ["max_tasks", "limit"],
    timeout: ["wait_seconds", "options.max_run_seconds"],
    timeout_ms: ["wait_seconds"],
    timeout_seconds: ["wait_seconds", "options.max_run_seconds"],
    wait: ["wait_seconds"],
    version: ["if_version"],
    expected_version: ["if_version"],
    expires_in: ["ttl_seconds"],
    content: ["value"],
    namespace: ["prefix", "run_id"],
    page_token: ["cursor"],
    page: ["cursor", "offset"],
    page_size: ["limit"],
    verbose: ["detail"],
    operation: ["action"],
    idempotency: ["idempotency_key"],
    request_id: ["idempotency_key"],
    max_retries: ["options.retry.max_attempts"],
    max_attempts: ["options.retry.max_attempts"],
    retries: ["options.retry.max_attempts"],
  }),
);

/** What belongs into `options`, and is often written beside it. */
const OPTIONS = new Set([
  "review",
  "locks",
  "requires",
  "assignee",
  "delegation",
  "retry",
  "trigger_rule",
  "lease_seconds",
  "start_within_seconds",
  "max_run_seconds",
  "deadline",
  "start_at",
  "concurrency_key",
  "concurrency_limit",
  "result_schema",
  "cron",
]);

/** The reverse: what stands beside `options`, and is often written into it. */
export const BESIDE_OPTIONS: ReadonlySet<string> = new Set([
  "priority",
  "context",
  "dependencies",
  "agent_type",
  "task_description",
]);

/** The parameter among `names` that somebody who wrote `wrong` probably meant; with its path where it is an option. */
export function suggestName(wrong: string, names: readonly string[]): string | undefined {
  const has = (name: string) => names.includes(name.split(".")[0] ?? name);
  if (OPTIONS.has(wrong) && has("options")) return `options.${wrong}`;
  const meant = [RENAMED.get(wrong) ?? [], SYNONYMS.get(wrong) ?? []].flat().find(has);
  return meant ?? nearest(wrong, names);
}
