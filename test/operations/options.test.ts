/** The options of a task: known, misspelt, out of range. */
import { expect, test } from "vitest";
import { readOptions } from "../../src/operations/options.ts";

const refusalOf = (options: Record<string, unknown>) => {
  const read = readOptions(options, ["options"]);
  return read.ok ? undefined : read.refusal;
};

test("known options are read, and null and empty texts are left out", () => {
  const options = { requires: ["gpu"], assignee: "", lease_seconds: null, max_run_seconds: 60 };
  expect(readOptions(options, ["options"])).toEqual({
    ok: true,
    value: { requires: ["gpu"], max_run_seconds: 60 },
  });
});

test("a misspelt option is refused with the nearest name", () => {
  expect(refusalOf({ lease_second: 5 })).toMatchObject({
    reason: "unknown_parameter",
    message: "No parameter options.lease_second; did you mean lease_seconds?",
  });
});

test.each(["all_success", "all_done", "one_failed"] as const)(
  "trigger_rule %s is known",
  (trigger_rule) => {
    expect(readOptions({ trigger_rule }, ["options"])).toEqual({
      ok: true,
      value: { trigger_rule },
    });
  },
);

test.each([
  { lease_seconds: 0 },
  { retry: { max_attempts: 0 } },
  { retry: { jitter: "some" } },
  { deadline: "in an hour" },
  { start_within_seconds: 0 },
  { lease_seconds: 14_401 },
  { max_run_seconds: 1.5 },
  { requires: [""] },
  { trigger_rule: "any_failed" },
  { requires: "gpu" },
  { locks: "src/" },
  { locks: ["../a"] },
  { locks: Array.from({ length: 9 }, (_, index) => `lock${index}`) },
  { concurrency_key: "a\nb" },
  { concurrency_key: "x".repeat(101) },
  { concurrency_limit: 0, concurrency_key: "k" },
  { concurrency_limit: 1_001, concurrency_key: "k" },
  { concurrency_limit: 2 },
  { start_at: "tomorrow" },
  { delegation: { max_depth: 6 } },
  { delegation: { max_tasks: 201 } },
  { delegation: { agent_types: [] } },
  { start_at: "2031-02-30T00:00:00Z" },
  { start_at: "2110-01-01T00:00:00Z" },
  { start_at: "9999-12-31T23:59:59Z" },
])("%j is refused with its place", (options) => {
  expect(refusalOf(options)).toMatchObject({ reason: "invalid" });
  expect(refusalOf(options)?.message).toMatch(`options.${Object.keys(options)[0]}`);
});

test.each([
  [{ retry: { attempts: 3 } }, "No parameter options.retry.attempts; it takes max_attempts"],
  [{ review: { agent_type: "testing" } }, "Missing: options.review.criteria (text)."],
  [{ lease_seconds: 0 }, "options.lease_seconds must be at least 1; given 0."],
  [{ locks: "src/" }, 'options.locks must be a list; given "src/".'],
  [{ locks: ["../a"] }, 'options.locks[0]: a lock is a name or a path without ".."'],
  [{ start_at: "tomorrow" }, "options.start_at must be a time such as 2026-11-26T09:00:00Z"],
  [{ trigger_rule: "all_sucess" }, "Did you mean all_success?"],
  [{ cron: "0 9 * * *" }, "options.cron: only a whole workflow has a schedule."],
])("%j: %s", (options, sentence) => {
  expect(refusalOf(options)?.message).toContain(sentence);
});

test("everything that is wrong is said at once", () => {
  expect(refusalOf({ locks: 5, priority: 1, delegation: { max_depth: "deep" } })).toMatchObject({
    reason: "unknown_parameter",
    parameters: ["options.priority", "options.locks", "options.delegation.max_depth"],
  });
});

test("values that come as text are read, as everywhere", () => {
  const options = {
    lease_seconds: "60",
    locks: '["docs"]',
    review: '{"agent_type":"t","criteria":"c"}',
  };
  expect(readOptions(options, ["options"])).toEqual({
    ok: true,
    value: { lease_seconds: 60, locks: ["docs"], review: { agent_type: "t", criteria: "c" } },
  });
});

test("locks are read in one spelling, without those that others cover", () => {
  expect(readOptions({ locks: ["./src//b", "src/", "docs", "docs"] }, ["options"])).toEqual({
    ok: true,
    value: { locks: ["docs", "src/"] },
  });
});

test("the latest time that the line can hold is accepted", () => {
  expect(readOptions({ start_at: "2109-05-15T00:00:00+09:00" }, ["options"]).ok).toBe(true);
});

test("all faults are said at once, each with its place in the options", () => {
  const read = readOptions({ result_schema: { type: "x", pattern: 3 } }, ["build", "options"]);
  expect(read.ok ? undefined : read.refusal).toMatchObject({
    reason: "invalid",
    message: expect.stringMatching(
      /^build\.options\.result_schema\.type: .*\. build\.options\.result_schema\.pattern: /,
    ),
  });
});
