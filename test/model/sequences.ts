/** How sequences come about by chance: mostly what callers do, sometimes what only a broken one would. */
import * as fc from "fast-check";
import { CATEGORIES, type Category, type RetryPolicy } from "../../src/domain/failure.ts";
import { byTheCalendar, calendarOf } from "./calendar.ts";
import { crowdOf } from "./crowd.ts";
import { type Command, type Ending, type TaskSpec } from "./commands.ts";

const recent = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.nat(60) },
);

/** Present in one case of seven. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const policy = fc.constantFrom<RetryPolicy>(
  { max_attempts: 1 },
  { max_attempts: 2, initial_seconds: 0 },
  { max_attempts: 10, initial_seconds: 1, factor: 3, max_seconds: 5, jitter: "none" },
  { initial_seconds: 30, jitter: "full" },
);

const task: fc.Arbitrary<TaskSpec> = fc
  .record({
    type: fc.nat(1),
    priority: fc.constantFrom(5, 0, 9),
    own: fc.oneof(fc.constant([]), fc.array(fc.nat(3), { maxLength: 2 })),
    old: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(recent, { maxLength: 2 }) },
    ),
    requires: rarely(fc.constantFrom(["gpu"], ["gpu", "node"])),
    assignee: rarely(fc.nat(3)),
    start_in: rarely(fc.constantFrom(5, 3_600, -1)),
    start_within_seconds: rarely(fc.constantFrom(30, 4_000)),
    deadline_in: rarely(fc.constantFrom(60, 20_000, 20_000, -1)),
    retry: fc.option(policy, { nil: undefined }),
    lease_seconds: rarely(fc.constantFrom(1, 30)),
    max_run_seconds: rarely(fc.constantFrom(40, 4_000)),
    trigger_rule: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom("all_done" as const, "one_failed" as const) },
    ),
    review: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.nat(1), max_rounds: fc.constantFrom(1, 2, 3) }),
      },
    ),
    schema: rarely(fc.constant(true as const)),
    delegation: rarely(
      fc.constantFrom<NonNullable<TaskSpec["delegation"]>>(
        {},
        { max_depth: 3, max_tasks: 4 },
        { max_depth: 1, agent_types: ["testing"] },
        { max_tasks: 2 },
        { max_depth: 0 },
      ),
    ),
    slots: fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          { locks: ["src/"] },
          { locks: ["src/a"] },
          { locks: ["src/a/x"] },
          { locks: ["src/a/", "src/b"] },
          { locks: ["docs", "src/b"] },
          { concurrency_key: "deploy" },
          { concurrency_key: "deploy", concurrency_limit: 2 },
          { concurrency_key: "deploy", locks: ["docs"] },
        ),
      },
    ),
  })
  .map(({ slots, ...rest }) => Object.assign(compact(rest), slots));

const create = fc
  .record({
    do: fc.constant("create" as const),
    tasks: fc.oneof(
      { weight: 3, arbitrary: fc.array(task, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(task, { minLength: 2, maxLength: 5, size: "max" }) },
    ),
    shape: fc.constantFrom("free" as const, "fan" as const, "chain" as const, "tree" as const),
    join: fc.option(recent, { nil: undefined }),
    key: rarely(fc.nat(1)),
    lease: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: recent },
    ),
  })
  .map(compact);

const stage = fc
  .record({
    do: fc.constant("stage" as const),
    tasks: fc.array(task, { minLength: 1, maxLength: 6, size: "max" }),
    shape: fc.constantFrom("free" as const, "fan" as const, "chain" as const, "tree" as const),
    key: rarely(fc.nat(1)),
  })
  .map(compact);

const stageOn = fc.record({
  do: fc.constant("stage on" as const),
  pick: recent,
  early: fc.constantFrom(false, false, false, true),
});

const poll = fc
  .record({
    do: fc.constant("poll" as const),
    agent: fc.nat(3),
    max_tasks: fc.constantFrom(1, 3, 2, 0),
    lease_seconds: fc.constantFrom(0, 60, 5, 3_600),
    wait_ms: fc.constantFrom(0, 30_000),
    wait: rarely(fc.constantFrom("begins" as const, "goes on" as const)),
    capabilities: rarely(fc.constantFrom([], ["gpu"], ["gpu", "node"])),
    change: rarely(fc.constantFrom("key" as const, "type" as const, "no type" as const)),
    instance: fc.option(fc.nat(2), { nil: undefined, freq: 2 }),
  })
  .map(compact);

const forgery = fc.oneof(
  { weight: 14, arbitrary: fc.constant("true" as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("check" as const, "attempt" as const, "key" as const),
  },
);

const beat = fc
  .record({
    do: fc.constant("beat" as const),
    lease: recent,
    forgery,
    progress: fc.option(fc.constantFrom(10, 80), { nil: undefined }),
    message: rarely(fc.constantFrom("halfway", "nearly")),
  })
  .map(compact);

const submit = fc
  .record({
    do: fc.constant("submit" as const),
    lease: recent,
    forgery,
    status: fc.oneof(
      { weight: 4, arbitrary: fc.constant("completed" as const) },
      { weight: 5, arbitrary: fc.constant("failed" as const) },
      { weight: 2, arbitrary: fc.constant("released" as const) },
      { weight: 2, arbitrary: fc.constant("needs_input" as const) },
      { weight: 4, arbitrary: fc.constant("waiting" as const) },
    ),
    category: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom("agent_error" as const, "rate_limited" as const),
      },
      { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(CATEGORIES) as Category[])) },
    ),
    code: rarely(fc.constantFrom("disk|full", "disk")),
    retry_after_ms: fc.constantFrom(0, 0, 5_000, 3_600_000),
    result: fc.constantFrom("", `{"done":true}`, `"né"`),
    usage: rarely(
      fc.constantFrom<readonly (readonly [string, number])[]>(
        [["input_tokens", 1_000]],
        [
          ["cost_usd", 0.1],
          ["input_tokens", 7],
          ["output_tokens", 3],
        ],
      ),
    ),
    passed: fc.boolean(),
    checked: fc.constantFrom(true, true, true, false),
    poll_next: fc.boolean(),
  })
  .map(compact);

const control = fc
  .record({
    do: fc.constant("control" as const),
    action: fc.constantFrom(
      "cancel" as const,
      "retry" as const,
      "retry" as const,
      "discard" as const,
      "answer" as const,
      "answer" as const,
      "message" as const,
      "message" as const,
      "promote_late_result" as const,
      "set_priority" as const,
    ),
    target: fc.oneof(
      { weight: 4, arbitrary: fc.constant("fit" as const) },
      {
        weight: 3,
        arbitrary: fc.constantFrom("task" as const, "tasks" as const, "code" as const),
      },
    ),
    pick: recent,
    priority: fc.constantFrom(0, 5, 9),
    key: rarely(fc.nat(1)),
    late: fc.constantFrom("fit" as const, "fit" as const, "unfit" as const, "unknown" as const),
    changes: rarely(
      fc.constantFrom("deadline" as const, "no backoff" as const, "payload" as const),
    ),
  })
  .map(compact);

const cancelRun = fc.record({ do: fc.constant("cancel run" as const), pick: recent });

const write = fc
  .record({
    do: fc.constant("write" as const),
    name: fc.nat(2),
    scope: rarely(recent),
    version: fc.option(fc.constantFrom("right" as const, "wrong" as const, "none" as const), {
      nil: undefined,
    }),
    ttl_seconds: fc.option(fc.constantFrom(5, 4_000), { nil: undefined }),
    lease: rarely(recent),
    key: rarely(fc.nat(1)),
  })
  .map(compact);

const readState = fc
  .record({
    do: fc.constant("read state" as const),
    name: rarely(fc.nat(2)),
    lease: rarely(recent),
  })
  .map(compact);

const look = fc.record({
  do: fc.constant("look" as const),
  at: fc.constantFrom(
    "record" as const,
    "letters" as const,
    "agents" as const,
    "breakers" as const,
    "wait" as const,
    "wait" as const,
    "why" as const,
    "schedules" as const,
  ),
  pick: recent,
});

const tick = fc.record({
  do: fc.constant("tick" as const),
  which: fc.constantFrom("armed" as const, "armed" as const, "old" as const, "watchdog" as const),
  limit: fc.constantFrom(100, 1),
  last: fc.boolean(),
  resend: fc.boolean(),
});

const force = fc
  .record({
    do: fc.constant("force" as const),
    breaker: fc.constantFrom("type" as const, "agent" as const),
    pick: fc.nat(3),
    state: rarely(fc.constantFrom("open" as const, "closed" as const)),
  })
  .map(compact);

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const pass = fc.record({
  do: fc.constant("pass" as const),
  ms: fc.constantFrom(
    1,
    1_000,
    7_000,
    61_000,
    5 * MINUTE,
    11 * MINUTE,
    61 * MINUTE,
    DAY,
    8 * DAY,
    31 * DAY,
  ),
});

const passToTimer = fc.record({
  do: fc.constant("pass to timer" as const),
  offset: fc.constantFrom(0, 1, -1, 20_000),
});

const resend = fc.record({
  do: fc.constant("resend" as const),
  call: recent,
  anew: fc.boolean(),
});

const retire = fc.record({
  do: fc.constant("retire" as const),
  days: fc.constantFrom(0, 8, 31),
  cut: fc.boolean(),
});

const sleep = fc
  .record({
    do: fc.constant("sleep" as const),
    agent: fc.nat(3),
    max_tasks: fc.constantFrom(1, 1, 3),
    capabilities: fc.option(fc.constantFrom(["gpu"], ["gpu", "node"]), { nil: undefined }),
    hears: fc.constantFrom(true, true, true, false),
  })
  .map(compact);

const restart = fc.record({ do: fc.constant("restart" as const), agent: fc.nat(3) });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 14, arbitrary: create },
  { weight: 3, arbitrary: stage },
  { weight: 9, arbitrary: stageOn },
  { weight: 18, arbitrary: poll },
  { weight: 6, arbitrary: beat },
  { weight: 20, arbitrary: submit },
  { weight: 9, arbitrary: control },
  { weight: 3, arbitrary: cancelRun },
  { weight: 4, arbitrary: write },
  { weight: 2, arbitrary: readState },
  { weight: 4, arbitrary: look },
  { weight: 4, arbitrary: tick },
  { weight: 1, arbitrary: force },
  { weight: 2, arbitrary: retire },
  { weight: 1, arbitrary: fc.constant<Command>({ do: "sent" }) },
  { weight: 5, arbitrary: pass },
  { weight: 10, arbitrary: passToTimer },
  { weight: 5, arbitrary: resend },
  { weight: 2, arbitrary: restart },
  { weight: 14, arbitrary: sleep },
  { weight: 4, arbitrary: byTheCalendar },
);

const crowd = crowdOf(
  fc.oneof(
    { weight: 4, arbitrary: poll },
    { weight: 6, arbitrary: submit },
    { weight: 1, arbitrary: create },
    { weight: 1, arbitrary: control },
    { weight: 1, arbitrary: pass },
  ),
);

/** Runs by the calendar that end, or do not, before the next one. */
const calendar = calendarOf(
  fc.oneof(
    { weight: 4, arbitrary: passToTimer },
    { weight: 1, arbitrary: pass },
    { weight: 2, arbitrary: poll },
    { weight: 2, arbitrary: submit },
    { weight: 1, arbitrary: cancelRun },
    { weight: 1, arbitrary: tick },
    { weight: 1, arbitrary: look },
    { weight: 2, arbitrary: resend },
    { weight: 1, arbitrary: retire },
  ),
);

/** About 25 commands on average. */
export const sequences = fc.record({
  commands: fc.oneof(
    {
      weight: 9,
      arbitrary: fc.noBias(fc.array(command, { minLength: 1, maxLength: 50, size: "max" })),
    },
    { weight: 1, arbitrary: fc.noBias(crowd) },
    { weight: 1, arbitrary: fc.noBias(calendar) },
  ),
  ending: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Ending>("none") },
    { weight: 4, arbitrary: fc.constantFrom<Ending>("ticks", "watchdog", "traffic", "removal") },
  ),
});

/** Leaves out what is undefined. */
function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}
