/** The shape of a graph: waves that may run at once, and a longest chain. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { checkGraph, type Node } from "../../src/domain/graph.ts";
import { shapeOf } from "../../src/domain/waves.ts";

const nobody = (): boolean => false;

function shape(nodes: readonly Node[]) {
  return shapeOf(nodes, checkGraph(nodes, nobody).sequence);
}

test("a diamond with a tail has four waves, and its longest chain is the critical path", () => {
  expect(
    shape([
      { key: "end", dependencies: ["join", "left"] },
      { key: "join", dependencies: ["left", "right"] },
      { key: "right", dependencies: ["start"] },
      { key: "left", dependencies: ["start"] },
      { key: "start", dependencies: [] },
      { key: "alone", dependencies: [] },
    ]),
  ).toEqual({
    waves: [["start", "alone"], ["right", "left"], ["join"], ["end"]],
    critical_path: ["start", "left", "join", "end"],
  });
});

test("a task that exists already delays nothing", () => {
  const nodes = [{ key: "a", dependencies: ["r1t1"] }];
  const { sequence } = checkGraph(nodes, () => true);
  expect(shapeOf(nodes, sequence)).toEqual({ waves: [["a"]], critical_path: ["a"] });
});

test("every task stands in the first wave after all that it waits for, and the critical path is as long as the waves", () => {
  const graphs = fc
    .array(fc.uniqueArray(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
    .map((lists) =>
      lists.map((list, index) => ({
        key: `k${index}`,
        dependencies: list.filter((target) => target < index).map((target) => `k${target}`),
      })),
    )
    .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }));
  fc.assert(
    fc.property(graphs, (nodes) => {
      const { waves, critical_path } = shape(nodes);
      const waveOf = new Map(waves.flatMap((keys, wave) => keys.map((key) => [key, wave])));
      expect(waveOf.size).toBe(nodes.length);
      for (const { key, dependencies } of nodes) {
        const before = dependencies.map((name) => waveOf.get(name) ?? -1);
        expect(waveOf.get(key)).toBe(Math.max(-1, ...before) + 1);
      }
      expect(critical_path).toHaveLength(waves.length);
      for (const [place, key] of critical_path.slice(1).entries()) {
        const waiting = nodes.find((node) => node.key === key);
        expect(waiting?.dependencies).toContain(critical_path[place]);
      }
    }),
  );
});
