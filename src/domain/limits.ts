/** Every number that bounds Baton, each with its reason. Lengths are in UTF-16 units, sizes in bytes, times in seconds. */
export const LIMITS = {
  /** A request body. Upstash takes 10 MB a request; 1 MB leaves room for many tasks and keeps a Worker's CPU small. */
  body_bytes: 1_048_576,
  /** `context` of one task, and `result` of one submit. */
  payload_bytes: 262_144,
  /** Up to here a payload rides in the shard of its run, so that a claim needs one round trip. */
  inline_bytes: 4_096,
  /** Notes ride beside the record until the next attempt. */
  notes_bytes: 16_384,
  /** A result schema is read at each hand-out and at each submit of its task. */
  schema_bytes: 16_384,
  schema_depth: 16,
  /** Subschemas with references written out: each is compared with each part of a result, within a Worker's CPU time. */
  schema_parts: 1_000,
  schema_pattern_length: 200,
  /** Of what is missing or wrong: enough to mend it, in a reply that stays short. */
  problems_shown: 8,
  description_bytes: 262_144,
  title_length: 120,
  agent_type_length: 64,
  agent_id_length: 100,
  capability_length: 64,
  capabilities: 32,
  requires: 16,
  idempotency_key_length: 200,
  /** Dependencies of one task: each is an edge to write and a record to read within one script. */
  dependencies: 100,
  /** Tasks of one workflow: more than one script creates is staged in batches. */
  workflow_tasks: 1_000,
  /** A staged workflow that nobody goes on with is removed after this time. */
  staging_kept_ms: 600_000,
  /** Tasks that one script creates. */
  tasks_per_create: 200,
  /** A task number must stay short to copy, and a run small enough to list. */
  tasks_per_run: 10_000,
  /** Routing classes of a project: agent type, required capabilities and assignee. */
  lanes: 200,
  /** A lane without tasks is forgotten after this: a workflow that is being staged has taken its lanes before its tasks. */
  lane_kept_ms: 86_400_000,
  /** Lanes whose heads one claim compares. */
  lanes_per_claim: 16,
  max_tasks: 10,
  /** Waiting agents of a type among which one call looks for takers. */
  waiters_per_wake: 64,
  /** Who was woken for a task goes first for this long: a round trip, and a slow one. */
  woken_first_ms: 2_000,
  /** A model works for an hour without calling anybody. */
  lease_seconds_default: 3_600,
  lease_seconds_min: 1,
  lease_seconds_cap: 14_400,
  /** A renewal never goes past this, so that a stuck worker that still heartbeats ends some time. */
  max_run_seconds_default: 14_400,
  max_run_seconds_cap: 86_400,
  /** 45 s is safe in every client: the smallest hard limit is 60 s to the first byte or the result. */
  wait_seconds_default: 30,
  wait_seconds_cap: 45,
  /** Whoever waits for tasks to end has nothing else to do. */
  wait_for_tasks_default: 45,
  /** A progress token suggests, but does not prove, that progress extends the client's time-out. */
  wait_seconds_cap_with_progress: 240,
  /** A runner, or a client that was configured for long waits, knows its own time-outs. */
  wait_seconds_cap_known: 900,
  /** An agent that found nothing for so long is told to end its turn. */
  idle_ms: 600_000,
  message_length: 2_000,
  question_length: 4_000,
  answer_length: 4_000,
  /** Of one task: each rides in its record. */
  answers_kept: 10,
  messages_kept: 5,
  /** A reply may be lost: what a worker must know is said again in each reply for so long. */
  notices_repeated_ms: 60_000,
  /** What is new ends a wait for work; it is new for about as long as the Worker sends the same call again. */
  notices_new_ms: 7_000,
  /** Tasks that an agent lost lately and is told about. */
  stops_kept: 20,
  error_bytes: 8_192,
  attempts_kept: 20,
  /** A worker that died three times of the same task without a word will die of it a fourth time. */
  lost_in_a_row: 3,
  /** Being asked to slow down uses up no attempt, but not for ever. */
  rate_limits: 50,
  deadline_seconds_cap: 31_536_000,
  /** Tasks that one control call touches. */
  control_tasks: 200,
  /** Of dead letters with one error code, where all that came first are refused: so many times as many are looked at. */
  control_pages: 5,
  note_length: 2_000,
  error_code_length: 64,
  /** Error codes that a grouping of dead letters shows. */
  dead_letter_groups: 50,
  run_kept_ms: 604_800_000,
  dead_letter_kept_ms: 2_592_000_000,
  /** Records that one retention step removes. */
  removals_per_step: 50,
  /** A breaker opens after this many distinct tasks failed or were lost within its window. */
  breaker_failures: 5,
  breaker_window_ms: 600_000,
  /** Outcomes that a breaker remembers. */
  breaker_outcomes: 40,
  /** Entries of the event log that are asked for what succeeded before, when one is about to open. */
  breaker_log: 200,
  breaker_pause_ms: 60_000,
  breaker_pause_max_ms: 1_800_000,
  /** A probe must answer within its lease, and within this. */
  breaker_probe_seconds: 120,
  /** A deadline this much earlier than the armed tick is worth a new tick. */
  tick_slack_ms: 5_000,
  /** A tick that comes earlier than this is early: what it was armed for is not due yet. */
  tick_early_ms: 1_000,
  /** So many early ticks in a row arm their successors. */
  early_ticks: 3,
  /** A tick that is overdue by this much was lost. */
  tick_lost_ms: 30_000,
  /** The free plan of QStash delays a message by at most seven days. */
  tick_ahead_ms: 518_400_000,
  /** Due items that one look of a tick handles: as much as one script may do. */
  sweep_per_look: 200,
  /** Looks of one tick or one visit of the watchdog, so that a callback answers fast whatever the backlog. */
  looks_per_visit: 5,
  /** Batches of retention in one such visit. */
  removals_per_visit: 4,
  /** Projects that one run of the watchdog visits. */
  projects_per_watch: 50,
  /** Callbacks that QStash gave up: so many are kept to look at. */
  failed_callbacks_kept: 100,
  late_results_kept: 3,
  /** Changes of a run that its record remembers: who waits longer than that without looking is told how many more. */
  changes_kept: 32,
  /** The same of changes that need somebody, such as questions. */
  needs_kept: 32,
  /** Tasks that one call waits for by name. */
  wait_tasks: 50,
  /** Agent types of a run of which a look says whether somebody serves them. */
  types_per_look: 32,
  /** How far a chain of tasks that wait for each other is followed to its cause. */
  why_steps: 3,
  /** Names of one submit's usage, and names that a task or a run sums up. */
  usage_names: 10,
  usage_names_kept: 20,
  /** Of each amount: sums of these stay exact in the 14 digits that Lua writes. */
  usage_amount: 1_000_000_000_000,
  /** What a task may delegate unless its options say otherwise: levels below it, and tasks in all of them together. */
  delegation_depth: 2,
  delegation_tasks: 20,
  delegation_depth_cap: 5,
  /** Also bounds the list of children in a record, and what a poll reads of them. */
  delegation_tasks_cap: 200,
  delegation_types: 20,
  /** How far, and over how many tasks, new children are followed to a task that waits for their own parent. */
  cycle_steps: 32,
  cycle_tasks: 200,
  /** Tasks of subtrees that one call cancels; the rest becomes due work. */
  cancels_per_call: 50,
  /** Arguments of one Redis command within a script, an even number: longer lists go in pieces. */
  arguments: 400,
  /** Due items that one call handles before its own work. */
  sweep_per_call: 8,
  /** Tasks of a run being cancelled that one look at it cancels. */
  cancels_per_sweep: 50,
  /** Edges that one call resolves; the rest becomes due work. What due work of runs takes counts as well. */
  edges_per_call: 100,
  criteria_bytes: 4_096,
  /** A verdict lies beside the task that it sent back, which is read at each hand-out. */
  verdict_bytes: 16_384,
  verdicts_kept: 10,
  review_rounds_default: 3,
  review_rounds_cap: 10,
  review_threshold_default: 0.8,
  /** A released task goes to other agents first, for this long. */
  avoid_ms: 60_000,
  /** A resumed task goes to the agent that had it before, for this long. */
  prefer_ms: 60_000,
  /** Places beyond the wanted number that a claim looks at, where the first ones do not fit. */
  claim_lookahead: 7,
  /** Places that a claim looks at before it gives up: what is blocked there is parked, and the next claim goes further. */
  claim_scan: 40,
  /** Places of one order that a claim reads again to find where it stopped among them. */
  claim_ties: 200,
  locks: 8,
  /** Each directory above a lock is a field to read and to write. */
  lock_depth: 8,
  lock_length: 200,
  concurrency_key_length: 100,
  concurrency_limit_cap: 1_000,
  /** Tasks that are listed under one node: a list is rewritten as a whole. */
  lock_holders: 1_000,
  /** Waiters whose turn a node remembers, the first ones. */
  lock_turns: 8,
  /** Holders of a lock that a person is told of. */
  holders_shown: 10,
  /** Waiters that one look at a node considers. */
  waiters_per_look: 8,
  /** Whoever was called out of a queue of waiters goes before newer ones for so long, claimed or not. */
  turn_ms: 60_000,
  /** An agent's name is its key's alone until it was unseen for this long. */
  agent_name_kept_ms: 86_400_000,
  /** Processes that spoke for an agent before the present one: so many are remembered, and refused. */
  replaced_instances: 5,
  /** How often it is noted that a type is polled for: often enough to warn of types that nobody serves. */
  types_noted_ms: 600_000,
  /** Types of which that is known: there cannot be tasks of more types than lanes. */
  types_kept: 200,
  state_key_length: 200,
  state_value_bytes: 65_536,
  state_keys: 1_000,
  state_page: 50,
  /** An operation id is remembered for the Worker's own re-sends, which end within seconds. */
  operation_id_seconds: 600,
  /** The caller's own key for a call that makes nothing with which it could go (shared state, control): a day. */
  idempotency_seconds: 86_400,
  events_kept: 100_000,
  /** Older ones go, give or take an hour. */
  events_kept_ms: 86_400_000,
  /** Agents, and agent types that nobody polls for, are forgotten when they were not seen for so long. */
  agent_kept_ms: 2_592_000_000,
  /** How often retention looks for those. */
  tidy_each_ms: 3_600_000,
  /** Entries of the event log that one read takes. */
  events_per_read: 50,
  /** Streams of events, MCP subscriptions among them, that one key may have open at one server. */
  event_streams_per_key: 20,
  /** A stream of events ends after this long and is opened anew by its client, so that none is held for ever. */
  event_stream_seconds: 300,
  /** Runs and tasks of one MCP subscription; a run tells of its tasks too. */
  subscription_resources: 50,
  schedules: 100,
  /** A schedule that came due and whose run nobody made is told again after this. */
  cron_again_ms: 30_000,
  /** One that waits for the end of a run is looked at this often, in case it missed it. */
  cron_waits_ms: 3_600_000,
  webhook_endpoints: 20,
  webhook_types: 30,
  webhook_secrets: 3,
  /** A secret that was rotated out signs along for this long. */
  webhook_secret_overlap_ms: 86_400_000,
  /** Standard Webhooks asks receivers to answer within 15 to 30 s. */
  webhook_timeout_ms: 15_000,
  /** An attempt that has said nothing for this long has died. */
  webhook_busy_ms: 25_000,
  /** What of an answer is kept to look at. */
  webhook_answer_bytes: 1_024,
  /** Attempts of a delivery that are kept to look at; what was answered, of the last few. */
  webhook_results: 12,
  webhook_answers: 3,
  /** Failed attempts in a row that open an endpoint's breaker. */
  webhook_failures: 5,
  /** Attempts to one endpoint at the same time. The free plan of QStash makes ten calls at once, ticks among them. */
  webhook_parallelism: 3,
  /** Entries of the event log that one step turns into deliveries, and deliveries that it makes. */
  webhook_events_per_step: 50,
  webhook_deliveries_per_step: 100,
  webhook_deliveries_kept: 10_000,
  /** A planned attempt this much behind its time was lost on the way to QStash. */
  webhook_overdue_ms: 60_000,
  /** Whoever makes deliveries has died if it is not done by then. */
  webhook_dispatch_ms: 5_000,
  /** Records, or entries of an index, that one page of an audit compares. */
  audit_page: 50,
  /** A run with more tasks is not counted by an audit: all of them are read at once, so that nothing changes meanwhile. */
  audit_run_tasks: 1_000,
  list_default: 50,
  list_cap: 200,
  /** Results of dependencies handed to a worker; the rest by pointer. */
  inputs: 50,
  inputs_bytes: 32_768,
  /** A reply of at most 8,000 tokens: JSON and texts in any script have no fewer than two and a half bytes a token. */
  reply_bytes: 20_000,
  /** An agent unseen for this long, without a live lease, is shown as offline. */
  offline_seconds: 300,
  /** Pages of `list_cap` fields in which one visit of the watchdog looks for agents that have gone. */
  presence_pages: 5,
  agents: 10_000,
} as const;
