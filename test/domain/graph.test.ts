/** Checking a graph of new tasks: an order in which dependencies come first, or every fault at once. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { checkGraph, type Graph, type Node } from "../../src/domain/graph.ts";

const nobody = (): boolean => false;

const texts = ({ faults }: Graph): string[] => faults.map(({ text }) => text);

function nodes(edges: Readonly<Record<string, readonly string[]>>): Node[] {
  return Object.entries(edges).map(([key, dependencies]) => ({ key, dependencies }));
}

/** Graphs whose edges only lead to earlier tasks, told in any order. */
const acyclic = fc
  .array(fc.uniqueArray(fc.nat(30), { maxLength: 5 }), { minLength: 1, maxLength: 25 })
  .map((targets) =>
    targets.map((list, index) => ({
      key: `k${index}`,
      dependencies: list.filter((target) => target < index).map((target) => `k${target}`),
    })),
  )
  .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

test("an acyclic graph has no faults, and its sequence puts every dependency first", () => {
  fc.assert(
    fc.property(acyclic, (list) => {
      const { sequence, faults } = checkGraph(list, nobody);
      expect(faults).toEqual([]);
      expect(sequence.toSorted((a, b) => a - b)).toEqual(list.map((_, index) => index));
      const seen = new Set<string>();
      for (const index of sequence) {
        for (const key of list[index]?.dependencies ?? []) expect(seen).toContain(key);
        seen.add(list[index]?.key ?? "");
      }
    }),
  );
});

test("one edge back makes a cycle, and the fault names a path that closes", () => {
  fc.assert(
    fc.property(acyclic, fc.nat(), (list, pick) => {
      const from = list.filter(({ dependencies }) => dependencies.length > 0);
      const end = from[pick % Math.max(1, from.length)];
      const target = end?.dependencies[0];
      fc.pre(end !== undefined && target !== undefined);
      const closed = list.map((node) =>
        node.key === target
          ? { ...node, dependencies: [...node.dependencies, end?.key ?? ""] }
          : node,
      );
      const faults = texts(checkGraph(closed, nobody));
      expect(faults).toHaveLength(1);
      const path = (faults[0] ?? "").replace("cycle ", "").split(" → ");
      expect(path[0]).toBe(path.at(-1));
      for (const [place, key] of path.slice(1).entries()) {
        const dependencies = closed.find((node) => node.key === key)?.dependencies;
        expect(dependencies).toContain(path[place]);
      }
    }),
  );
});

test("a chain of ten thousand is no deeper than it needs to be", () => {
  const chain = Array.from({ length: 10_000 }, (_, index) => ({
    key: `k${index}`,
    dependencies: index === 0 ? [] : [`k${index - 1}`],
  }));
  expect(checkGraph(chain.toReversed(), nobody).sequence).toHaveLength(10_000);
});

test("a name that means an existing task is no fault, unless it is doubled", () => {
  const exists = (name: string): boolean => name === "r1t1";
  expect(checkGraph(nodes({ a: ["r1t1"] }), exists).faults).toEqual([]);
  expect(texts(checkGraph(nodes({ a: ["r1t1", "r1t1"] }), exists))).toEqual([
    'a names "r1t1" twice',
  ]);
});

test("a key of the call counts more than an existing task of that name", () => {
  const { sequence, faults } = checkGraph(nodes({ end: ["r1t1"], r1t1: [] }), () => true);
  expect(faults).toEqual([]);
  expect(sequence).toEqual([1, 0]);
});

test("every fault is listed, in the order of the tasks, with the nearest name", () => {
  const list = [
    { key: "build", dependencies: ["tset", "build", "lint", "lint"] },
    { key: "test", dependencies: ["lint"] },
    { key: "lint", dependencies: ["test"] },
    { key: "test", dependencies: [] },
  ];
  expect(texts(checkGraph(list, nobody))).toEqual([
    'key "test" stands twice',
    'unknown key "tset" in build (did you mean test?)',
    "build depends on itself",
    'build names "lint" twice',
    expect.stringMatching(/^cycle (test → lint → test|lint → test → lint)$/),
  ]);
});

test("a long name is cut in a fault", () => {
  const [fault] = texts(checkGraph(nodes({ a: ["x".repeat(500)] }), nobody));
  expect(fault?.length).toBeLessThan(100);
});

test("cycles that do not touch are each a fault, at the dependency that leads into it", () => {
  const { faults } = checkGraph(
    nodes({ a: ["c"], b: ["a"], c: ["x", "b"], x: [], d: ["e"], e: ["d"], f: ["d"] }),
    nobody,
  );
  expect(faults).toEqual([
    { text: "cycle a → b → c → a", node: 0, dependency: 0 },
    { text: "cycle d → e → d", node: 4, dependency: 0 },
  ]);
});

test("a fault says where it is", () => {
  const list = [
    { key: "a", dependencies: ["b", "nobody"] },
    { key: "b", dependencies: ["b"] },
    { key: "b", dependencies: [] },
  ];
  expect(checkGraph(list, nobody).faults.map(({ node, dependency }) => [node, dependency])).toEqual(
    [
      [2, undefined],
      [0, 1],
      [1, 0],
    ],
  );
});
