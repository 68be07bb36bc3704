/** Times of cron expressions, by the calendar of a time zone. */
import { expect, test } from "vitest";
import { readCron } from "../../src/domain/cron.ts";
import { readCronOption } from "../../src/domain/schedule.ts";

function timesOf(expression: string, zone = "UTC") {
  const times = readCron(expression, zone);
  if ("fault" in times) throw new Error(times.fault);
  const shown = (time: number | undefined) =>
    time === undefined ? undefined : new Date(time).toISOString();
  return {
    after: (time: string) => shown(times.after(Date.parse(time))),
    upTo: (time: string) => shown(times.upTo(Date.parse(time))),
  };
}

test("working days at nine in Berlin are two hours from Greenwich in summer and one in winter", () => {
  const { after } = timesOf("0 9 * * 1-5", "Europe/Berlin");
  expect(after("2026-03-27T09:00:00Z")).toBe("2026-03-30T07:00:00.000Z");
  expect(after("2026-10-23T09:00:00Z")).toBe("2026-10-26T08:00:00.000Z");
});

test("a time that the change to summer leaves out comes once, and one that comes twice in autumn too", () => {
  const { after } = timesOf("30 2 * * *", "Europe/Berlin");
  expect(after("2026-03-28T12:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
  expect(after("2026-03-29T01:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
  expect(after("2026-10-24T12:00:00Z")).toBe("2026-10-25T00:30:00.000Z");
  expect(after("2026-10-25T00:30:00Z")).toBe("2026-10-26T01:30:00.000Z");
});

test("the last time up to a moment may be that moment, and never lies after it", () => {
  const { upTo } = timesOf("0 * * * *");
  expect(upTo("2026-01-01T09:00:00.000Z")).toBe("2026-01-01T09:00:00.000Z");
  expect(upTo("2026-01-01T09:00:00.001Z")).toBe("2026-01-01T09:00:00.000Z");
  expect(upTo("2026-01-01T08:59:59.999Z")).toBe("2026-01-01T08:00:00.000Z");
});

test.each([
  ["* * * * * *", "no cron expression of five fields"],
  ["61 * * * *", "no cron expression of five fields"],
  ["tomorrow", "no cron expression of five fields"],
  ["0 0 30 2 *", "never comes"],
])("%s is refused: %s", (expression, fault) => {
  expect(readCron(expression, "UTC")).toEqual({ fault: expect.stringContaining(fault) });
});

test.each([
  "0 9 * * *",
  { schedule: "0 9 * * *", time_zone: "Europe/Berlin", on_overlap: "queue" },
])("options.cron may be %j", (given) => {
  const value = typeof given === "string" ? { schedule: given } : given;
  expect(readCronOption(given)).toEqual({ ok: true, value });
});

test.each([
  [{ schedule: "0 9 * * *", timezone: "Europe/Berlin" }, "no timezone; did you mean time_zone?"],
  [{ schedule: "0 9 * * *", time_zone: "Mars/Base" }, 'no time zone "Mars/Base"'],
  [{ schedule: "0 9 * * *", on_overlap: "wait" }, "on_overlap must be one of skip, queue"],
  [{}, "schedule must be a cron expression of five fields"],
  [{ schedule: "0 9 * * *", time_zone: 1 }, "time_zone must be a time zone such as Europe/Berlin"],
  [5, "it must be an expression, or an object with schedule"],
])("options.cron %j is refused: %s", (given, message) => {
  expect(readCronOption(given)).toMatchObject({
    ok: false,
    refusal: { message: expect.stringContaining(message) },
  });
});
