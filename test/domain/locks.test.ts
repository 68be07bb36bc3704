/** Locks: one spelling for one path, what overlaps what, and that the nodes of the lock table say just that. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import {
  covers,
  distinctLocks,
  metNodes,
  overlap,
  ownNodes,
  readLock,
} from "../../src/domain/locks.ts";
import { LIMITS } from "../../src/domain/limits.ts";

test.each([
  ["src/a", "src/a"],
  ["src/", "src/"],
  [" deploy ", "deploy"],
  ["./src//a/./b", "src/a/b"],
  ["/src/a", "src/a"],
  ["src/.", "src/"],
  ["src//", "src/"],
  ["cafe\u0301", "café"],
  ["a b|c", "a b|c"],
])("%j is read as %j", (text, lock) => {
  expect(readLock(text)).toBe(lock);
});

test.each(["", "/", "./", "..", "src/../a", "a\nb", "x".repeat(LIMITS.lock_length + 1)])(
  "%j is no lock",
  (text) => {
    expect(readLock(text)).toBeUndefined();
  },
);

test("a lock may have eight segments and no more", () => {
  const path = "a/b/c/d/e/f/g/h";
  expect(readLock(path)).toBe(path);
  expect(readLock(`${path}/`)).toBe(`${path}/`);
  expect(readLock(`${path}/i`)).toBeUndefined();
});

test.each([
  ["src/", "src/a", true],
  ["src/", "src/a/b", true],
  ["src/", "src/a/", true],
  ["src/", "src", true],
  ["src/a", "src/a", true],
  ["src/a", "src/ab", false],
  ["src/a/", "src/ab", false],
  ["src/", "srcs", false],
  ["src/a", "src/a/b", false],
  ["src/a/", "src/b/", false],
  ["a", "b", false],
])("%s and %s: overlap is %s, both ways", (one, other, due) => {
  expect(overlap(one, other)).toBe(due);
  expect(overlap(other, one)).toBe(due);
});

const lock = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", "/"),
  )
  .map(([segments, end]) => segments.join("/") + end);

test("two locks overlap exactly if one is listed under a node that the other looks at", () => {
  fc.assert(
    fc.property(lock, lock, (one, other) => {
      const listed = ownNodes({ locks: [other] });
      const met = metNodes({ locks: [one] }).some((name) => listed.includes(name));
      expect(met).toBe(overlap(one, other));
    }),
    { numRuns: 2_000 },
  );
});

test("what another lock covers is left out, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(lock, { maxLength: 8 }), (locks) => {
      const distinct = distinctLocks(locks);
      for (const one of locks) expect(distinct.some((by) => covers(by, one))).toBe(true);
      for (const one of distinct) {
        expect(distinct.filter((by) => covers(by, one))).toEqual([one]);
      }
    }),
  );
});
