/** When a webhook is tried again. */
import { expect, test } from "vitest";
import { afterAttempt, RETRY_PAUSES_MS, retryAfterMs } from "../../src/domain/webhook.ts";

const NOW = Date.UTC(2031, 4, 6);
const failed = { attempts: 1, status: 500, now: NOW, chance: 0 };

test("any 2xx is a delivery, everything else is not", () => {
  for (const status of [200, 202, 204, 299])
    expect(afterAttempt({ ...failed, status })).toBe("delivered");
  for (const status of [0, 100, 301, 302, 307, 400, 404, 429, 500, 503]) {
    expect(afterAttempt({ ...failed, status })).toHaveProperty("due_at");
  }
});

test("ten attempts follow the schedule, then it is dead", () => {
  const pauses = RETRY_PAUSES_MS.map((_, index) => {
    const after = afterAttempt({ ...failed, attempts: index + 1 });
    return typeof after === "object" ? after.due_at - NOW : after;
  });
  expect(pauses).toEqual(RETRY_PAUSES_MS);
  expect(afterAttempt({ ...failed, attempts: RETRY_PAUSES_MS.length + 1 })).toBe("dead");
});

test("chance lengthens a pause by a tenth at most", () => {
  expect(afterAttempt({ ...failed, attempts: 2, chance: 1 })).toEqual({ due_at: NOW + 330_000 });
});

test("410 Gone is the end at once", () => {
  expect(afterAttempt({ ...failed, status: 410 })).toBe("dead");
});

test("Retry-After is a floor, up to a day", () => {
  const after = (retry_after: string, attempts = 1) =>
    afterAttempt({ ...failed, status: 429, attempts, retry_after });
  expect(after("120")).toEqual({ due_at: NOW + 120_000 });
  expect(after("1", 2)).toEqual({ due_at: NOW + 300_000 });
  expect(after("999999")).toEqual({ due_at: NOW + 86_400_000 });
  expect(after(new Date(NOW + 90_000).toUTCString())).toEqual({ due_at: NOW + 90_000 });
});

test.each(["", "soon", "-5", "1.5", "12 34", "1e9", "9".repeat(30)])(
  "a Retry-After of %j says nothing",
  (header) => expect(retryAfterMs(header, NOW)).toBeUndefined(),
);
