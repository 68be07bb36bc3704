import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { nearest } from "../../src/domain/nearest.ts";

const TOOLS = ["create_task", "create_workflow", "poll_tasks", "get_task_status"];

test.each([
  ["create_taks", "create_task"],
  ["createTask", "create_task"],
  ["pol_task", "poll_tasks"],
  ["get-task-status", "get_task_status"],
])("finds what %s was meant to be", (word, meant) => {
  expect(nearest(word, TOOLS)).toBe(meant);
});

test.each(["delete_everything", "", "x".repeat(10_000)])("suggests nothing for %s", (word) => {
  expect(nearest(word, TOOLS)).toBeUndefined();
});

test("suggests nothing that shares nothing: another number, another letter", () => {
  expect(nearest("9", ["1", "12"])).toBeUndefined();
  expect(nearest("b", ["a"])).toBeUndefined();
});

test("one or two characters are not guessed from, nor to", () => {
  expect(nearest("i2", ["i3", "i2x"])).toBeUndefined();
  expect(nearest("abc", ["ab"])).toBeUndefined();
  expect(nearest("rnu", ["run", "wait"])).toBe("run");
  expect(nearest("hok", ["hook"])).toBe("hook");
  expect(nearest("I_3", ["i3"])).toBe("i3");
});

test("finds every name itself", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TOOLS), (tool) => {
      expect(nearest(tool, TOOLS)).toBe(tool);
    }),
  );
});

test("finds a name with one letter changed, dropped, added or swapped", () => {
  const slips = fc.tuple(fc.constantFrom(...TOOLS), fc.nat(), fc.constantFrom(0, 1, 2, 3));
  fc.assert(
    fc.property(slips, ([tool, seed, kind]) => {
      const at = seed % (tool.length - 1);
      const [head, one, two, tail] = [
        tool.slice(0, at),
        tool[at],
        tool[at + 1],
        tool.slice(at + 2),
      ];
      const slip = [`${head}q${two}${tail}`, `${head}${two}${tail}`, `${head}q${one}${two}${tail}`];
      expect(nearest(slip[kind] ?? `${head}${two}${one}${tail}`, TOOLS)).toBe(tool);
    }),
  );
});
