// The clock that tests move.

import * as fc from "../../support/fast-check.ts";
import { expect, test } from "vitest";
import { manualClock, realClock } from "../../../infra/local/qstash/clock.ts";

test("runs what is due in the order of time, then of arrival, and never early", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(20), { maxLength: 30 }),
      fc.array(fc.nat(10), { minLength: 1 }),
      async (times, steps) => {
        const clock = manualClock(0);
        const ran: { time: number; index: number; at: number }[] = [];
        for (const [index, time] of times.entries()) {
          clock.at(time, () => ran.push({ time, index, at: clock.now() }));
        }
        for (const step of steps) await clock.advance(step);
        const end = steps.reduce((sum, step) => sum + step, 0);
        const due = times.map((time, index) => ({ time, index })).filter(({ time }) => time <= end);
        due.sort((a, b) => a.time - b.time || a.index - b.index);
        expect(ran).toEqual(due.map(({ time, index }) => ({ time, index, at: time })));
        expect(clock.now()).toBe(end);
      },
    ),
  );
});

test("does not run what was cancelled", async () => {
  const clock = manualClock(0);
  const ran: string[] = [];
  clock.at(5, () => ran.push("kept"));
  clock.at(5, () => ran.push("cancelled")).cancel();
  await clock.advance(10);
  expect(ran).toEqual(["kept"]);
});

test("runs what a step adds for the way still ahead", async () => {
  const clock = manualClock(0);
  const ran: number[] = [];
  const again = (): void => {
    ran.push(clock.now());
    clock.at(clock.now() + 10, again);
  };
  clock.at(10, again);
  await clock.advance(35);
  expect(ran).toEqual([10, 20, 30]);
});

test("refuses to go back", async () => {
  await expect(manualClock(0).advance(-1)).rejects.toThrow(RangeError);
});

test("the real clock jumps ahead when told and runs what lay between", async () => {
  const clock = realClock();
  const ran: string[] = [];
  clock.at(clock.now() + 3_600_000, () => ran.push("an hour later"));
  await clock.advance(3_600_000);
  expect(ran).toEqual(["an hour later"]);
  expect(clock.now()).toBeGreaterThanOrEqual(Date.now() + 3_599_000);
  clock.stop();
});

test("the real clock runs by itself", async () => {
  const clock = realClock();
  const due = clock.now() + 5;
  const ranAt = await new Promise<number>((resolve) => {
    clock.at(due, () => resolve(clock.now()));
  });
  expect(ranAt).toBeGreaterThanOrEqual(due);
  clock.stop();
});
