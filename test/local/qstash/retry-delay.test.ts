// How long the next attempt waits, and what an endpoint may ask for.

import { expect, test } from "vitest";
import { compileRetryExpression } from "../../../infra/local/qstash/retry-expression.ts";
import { retryDelayMs } from "../../../infra/local/qstash/retry-delay.ts";

const now = Date.UTC(2026, 10, 1, 12);

function delay(headers: Record<string, string[]>, { retried = 0, expression = "" } = {}): number {
  return retryDelayMs({
    retried,
    expression: expression === "" ? undefined : compileRetryExpression(expression),
    responseHeaders: headers,
    now,
  });
}

test.each([
  [0, 12],
  [1, 148],
  [2, 1_808],
  [3, 22_026],
  [4, 86_400],
  [5, 86_400],
])("waits by default after %i retries for %i s, as the documented table", (retried, seconds) => {
  expect(delay({}, { retried })).toBe(seconds * 1_000);
});

test.each([
  "Retry-After",
  "X-Ratelimit-Reset",
  "X-Ratelimit-Reset-Requests",
  "X-Ratelimit-Reset-Tokens",
])("obeys %s in seconds, as a date and as a duration", (name) => {
  expect(delay({ [name]: ["10"] })).toBe(10_000);
  expect(delay({ [name]: ["0"] })).toBe(0);
  expect(delay({ [name]: ["6m5s"] })).toBe(365_000);
  expect(delay({ [name]: ["Sun, 01 Nov 2026 12:00:30 GMT"] })).toBe(30_000);
  expect(delay({ [name]: ["Sun, 01 Nov 2026 11:00:00 GMT"] })).toBe(0);
});

test.each(["86401", "25h", "Tue, 03 Nov 2026 12:00:30 GMT", "-5s", "soon", "2026-11-01", ""])(
  "ignores Retry-After: %s",
  (value) => {
    expect(delay({ "Retry-After": [value] })).toBe(12_000);
  },
);

test("takes the next header when the first is of no use, and exactly one day when asked", () => {
  expect(delay({ "Retry-After": ["90000"], "X-Ratelimit-Reset": ["7"] })).toBe(7_000);
  expect(delay({ "Retry-After": ["24h"] })).toBe(86_400_000);
});

test("lets the endpoint win over the expression, and the expression over the default", () => {
  expect(delay({}, { retried: 2, expression: "1000 * (1 + retried)" })).toBe(3_000);
  expect(delay({ "Retry-After": ["1"] }, { expression: "5000" })).toBe(1_000);
});

test("keeps an expression between 0 and a day, and falls back to the default for no number", () => {
  expect(delay({}, { expression: "-5" })).toBe(0);
  expect(delay({}, { expression: "1 / 0" })).toBe(86_400_000);
  expect(delay({}, { expression: "sqrt(-1)" })).toBe(12_000);
});
