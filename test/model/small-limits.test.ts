/** The same with small limits, so that short sequences reach every bound: batches, histories, lanes, breakers. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";

const SMALL = {
  agents: 3,
  answers_kept: 1,
  arguments: 4,
  attempts_kept: 3,
  breaker_failures: 2,
  breaker_outcomes: 6,
  breaker_pause_ms: 5_000,
  breaker_probe_seconds: 5,
  changes_kept: 3,
  cancels_per_call: 1,
  cancels_per_sweep: 1,
  claim_lookahead: 0,
  claim_scan: 2,
  claim_ties: 1,
  control_tasks: 1,
  cycle_steps: 2,
  cycle_tasks: 2,
  delegation_tasks: 3,
  edges_per_call: 1,
  lanes: 6,
  lanes_per_claim: 2,
  late_results_kept: 1,
  lock_holders: 2,
  lock_turns: 2,
  messages_kept: 2,
  needs_kept: 2,
  rate_limits: 2,
  removals_per_step: 2,
  replaced_instances: 1,
  schedules: 2,
  state_keys: 4,
  state_page: 2,
  stops_kept: 1,
  sweep_per_call: 2,
  tasks_per_run: 8,
  types_kept: 2,
  waiters_per_wake: 1,
  usage_names_kept: 2,
  waiters_per_look: 2,
} satisfies Partial<Record<keyof typeof LIMITS, number>>;

// The scripts are rendered when their module is loaded: the limits must be small before that.
Object.assign(LIMITS, SMALL);
const { PATIENCE_MS, playAsAsked } = await import("./as-asked.ts");

test(
  "model and Redis agree where every limit is near",
  { timeout: PATIENCE_MS },
  async (context) => {
    expect(await playAsAsked(context)).toBe(true);
  },
);
