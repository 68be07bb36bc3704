/** The options of a task: known, misspelt, not built yet, out of range. */
import { expect, test } from "vitest";
import { readOptions } from "../../src/domain/options.ts";

const refusalOf = (options: Record<string, unknown>) => {
  const read = readOptions(options, "options");
  return read.ok ? undefined : read.refusal;
};

test("known options are read, and null and empty texts are left out", () => {
  const options = { requires: ["gpu"], assignee: "", lease_seconds: null, max_run_seconds: 60 };
  expect(readOptions(options, "options")).toEqual({
    ok: true,
    value: { requires: ["gpu"], max_run_seconds: 60 },
  });
});

test("a misspelt option is refused with the nearest name", () => {
  expect(refusalOf({ lease_second: 5 })).toMatchObject({
    reason: "unknown_parameter",
    message: "No option lease_second in options; did you mean lease_seconds?",
  });
});

test.each(["all_success", "all_done", "one_failed"] as const)(
  "trigger_rule %s is known",
  (trigger_rule) => {
    expect(readOptions({ trigger_rule }, "options")).toEqual({ ok: true, value: { trigger_rule } });
  },
);

test.each([
  { lease_seconds: 0 },
  { retry: { max_attempts: 0 } },
  { retry: { attempts: 3 } },
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
  { delegation: { depth: 1 } },
  { start_at: "2031-02-30T00:00:00Z" },
  { start_at: "2110-01-01T00:00:00Z" },
  { start_at: "9999-12-31T23:59:59Z" },
])("%j is refused with its place", (options) => {
  expect(refusalOf(options)).toMatchObject({ reason: "invalid" });
  expect(refusalOf(options)?.message).toMatch(`options.${Object.keys(options)[0]}`);
});

test("locks are read in one spelling, without those that others cover", () => {
  expect(readOptions({ locks: ["./src//b", "src/", "docs", "docs"] }, "options")).toEqual({
    ok: true,
    value: { locks: ["docs", "src/"] },
  });
});

test("the latest time that the line can hold is accepted", () => {
  expect(readOptions({ start_at: "2109-05-15T00:00:00+09:00" }, "options").ok).toBe(true);
});
