/**
 * The only spelling of a Redis key. Everything of a project carries its hash tag, so that a cluster keeps it together
 * and Upstash can lock per key.
 *
 * | key | type | content |
 * |---|---|---|
 * | `control`     | hash   | numbers given out: `run_seq`, `lane_seq`, `free_lanes`, `lanes:<type>`, `agents` (how many there are), |
 * |               |        | `state_floor` (versions up to it may have been of keys that are gone); what is known of others: |
 * |               |        | `agent:<id>`, `breaker:type:<type>`, `breaker:agent:<id>` (JSON), `types` (who was polled for), |
 * |               |        | `watch:<type>` (until when somebody waits for work); the tick: `next_due`, `armed`, `generation`, |
 * |               |        | `sent`, `early`; how far tidying is: `tidy_at`, `tidy_from`, `absent_from`; `webhooks` (there are some), |
 * |               |        | `dispatching` (since when somebody makes deliveries), `listened` (until when events are followed) |
 * | `line`        | zset   | a member for each task that is ready, parked, running, scheduled or ended, and for other times and due |
 * |               |        | work: `deadline:<task>`, `start:<task>`, `edges:<task>`, `activate:<run>`, `cancel:<run>`, |
 * |               |        | `staging:<run>`, `state:<name>`, `cron:<schedule>`, `unpark:<node>`. Timers are below zero |
 * |               |        | (`time - 2^43`); in lane 0 stands what is to be removed, by its time; ready tasks stand at |
 * |               |        | `lane * 2^42 + order`, parked ones 1024 lanes further |
 * | `shard:<n>`   | hash   | `r1` a run, `r1:staging` one that is being staged; `r1t2` a task, beside it `r1t2:payload`, `:result`, |
 * |               |        | `:notes`, `:schema`, `:criteria`, `:late:<attempt>`, `:verdict:<review>` |
 * | `edges`       | zset   | `<upstream>|<downstream>`, all scores 0: dependencies that have not latched |
 * | `events`      | stream | field `facts`: a JSON list of what one call changed; trimmed |
 * | `state`       | hash   | `<scope>/<key>`: shared state, `<version> <expiry or 0> <JSON>` |
 * | `state_names` | zset   | the same names, all scores 0, for reading by prefix |
 * | `dead`        | zset   | `<error code>|<member>`, all scores 0: dead letters that nobody has dealt with |
 * | `locks`       | hash   | a node (`=src/a` a lock, `<src/` all below it, `#deploy` a key): JSON, who holds it and waits |
 * | `parked`      | zset   | `<node>\n<order>\n<member>`, all scores 0: ready tasks that wait for that node |
 * | `waiting`     | zset   | `<digest of the type><agent>`, all scores 0: agents that sleep until they are woken |
 * | `webhooks`    | hash   | `seq`, `ids` (JSON list), `endpoint:<id>`, `scanned`: the event that deliveries were made up to |
 * | `deliveries`  | hash   | `<delivery>`: a webhook delivery with its attempts |
 * | `delivery_index` | zset   | `<ms>|<delivery>`, all scores 0: for listing and retention |
 * | `outbox`      | zset   | deliveries whose next attempt is planned, by its time |
 * | `held`        | zset   | `<endpoint>|<delivery>`, all scores 0: those that wait for their endpoint |
 * | `schedules`   | hash   | `seq`, `ids` (JSON list), `s1` a schedule, `s1:workflow` what it creates |
 * | `idempotency` | hash   | the caller's idempotency keys: fingerprint and reply |
 * | `operation:*` | string | reply of one request, for its own re-sends; expires |
 * | `blob:*`      | string | a payload or result over the inline size |
 *
 * What is about all projects together carries a hash tag that no project can have: `projects`, a zset of their names by
 * the time of the watchdog's last look, and of callbacks that QStash gave up the last few (zset `failures`: JSON by
 * time) and their number (hash `counts`).
 */

/** Shards of the record hashes. Upstash limits one record to 100 MB; a run lies whole in one shard. */
export const SHARDS = 16;

const PROJECT_KEYS = [
  "control",
  "line",
  "events",
  "edges",
  "state",
  "state_names",
  "idempotency",
  "dead",
  "locks",
  "parked",
  "waiting",
  "webhooks",
  "deliveries",
  "delivery_index",
  "outbox",
  "held",
  "schedules",
] as const;

export type ProjectKey = (typeof PROJECT_KEYS)[number];

export const DEPLOYMENT_KEYS = {
  projects: "baton:{*}:projects",
  failures: "baton:{*}:failures",
  counts: "baton:{*}:counts",
} as const;

export type DeploymentKey = keyof typeof DEPLOYMENT_KEYS;

export interface Keys {
  readonly project: Readonly<Record<ProjectKey, string>>;
  readonly shards: readonly string[];
  operation(id: string): string;
  blob(id: string): string;
}

export function keysOf(project: string): Keys {
  const prefix = `baton:{${project}}:`;
  return {
    project: {
      control: `${prefix}control`,
      line: `${prefix}line`,
      events: `${prefix}events`,
      edges: `${prefix}edges`,
      state: `${prefix}state`,
      state_names: `${prefix}state_names`,
      idempotency: `${prefix}idempotency`,
      dead: `${prefix}dead`,
      locks: `${prefix}locks`,
      parked: `${prefix}parked`,
      waiting: `${prefix}waiting`,
      webhooks: `${prefix}webhooks`,
      deliveries: `${prefix}deliveries`,
      delivery_index: `${prefix}delivery_index`,
      outbox: `${prefix}outbox`,
      held: `${prefix}held`,
      schedules: `${prefix}schedules`,
    },
    shards: Array.from({ length: SHARDS }, (_, index) => `${prefix}shard:${index}`),
    operation: (id) => `${prefix}operation:${id}`,
    blob: (id) => `${prefix}blob:${id}`,
  };
}
