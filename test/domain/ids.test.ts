/** Ids and leases: what reads as one, and what does not. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import {
  formatLease,
  leaseCheck,
  parseLease,
  parseRunId,
  parseTaskId,
  runOf,
} from "../../src/domain/ids.ts";

const bytes = (fill: number) => (count: number) => new Uint8Array(count).fill(fill);

test("a lease reads back as what it was made of", () => {
  const number = fc.integer({ min: 1, max: 999_999 });
  const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(number, number, number, random, (run, task, attempt, given) => {
      const lease = { task_id: `r${run}t${task}`, attempt, check: leaseCheck(() => given) };
      expect(parseLease(formatLease(lease))).toEqual(lease);
      expect(parseTaskId(lease.task_id)).toEqual({ run, task });
      expect(runOf(lease.task_id)).toBe(`r${run}`);
      expect(parseRunId(`r${run}`)).toBe(run);
    }),
  );
});

test("every byte gives a character of the check that reads back", () => {
  for (let byte = 0; byte < 256; byte++) {
    expect(parseLease(`r1t1.1.${leaseCheck(bytes(byte))}`)).toBeDefined();
  }
});

test("text around, zeros in front, signs and other scripts are no ids", () => {
  for (const id of ["", "r", "r0", "r01", "r-1", "r1 ", " r1", "R1", "r1t", "r१", "r1\n"]) {
    expect(parseRunId(id)).toBeUndefined();
  }
  for (const id of ["r1", "t1", "r1t0", "r1t01", "r0t1", "r1t1x", "r1t1:payload", "r1t1\n"]) {
    expect(parseTaskId(id)).toBeUndefined();
  }
  for (const lease of ["r1t1", "r1t1.1", "r1t1.0.abcdefghij", "r1t1.1.ABCDEFGHIJ", "r1t1.1.abc"]) {
    expect(parseLease(lease)).toBeUndefined();
  }
});
