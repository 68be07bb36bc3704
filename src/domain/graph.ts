/** Checks a graph of new tasks before any is created, and finds an order in which dependencies come first. */
import { components, shortestCycle } from "./components.ts";
import { nearest } from "./nearest.ts";

export interface Node {
  readonly key: string;
  readonly dependencies: readonly string[];
}

export interface GraphFault {
  /** One sentence part. */
  readonly text: string;
  /** Index of the node where it is. */
  readonly node: number;
  /** Index among that node's dependencies, where one of them is at fault. */
  readonly dependency?: number;
}

export interface Graph {
  /** Indices of the nodes, dependencies before dependents; in no useful order where there are faults. */
  readonly sequence: readonly number[];
  /** Every fault of the graph; of the cycles within one knot, a single one. */
  readonly faults: readonly GraphFault[];
}

/** `isExisting` says whether a name means an existing task instead of a key of this call. */
export function checkGraph(nodes: readonly Node[], isExisting: (name: string) => boolean): Graph {
  const indexOf = new Map<string, number>();
  const faults: GraphFault[] = [];
  nodes.forEach(({ key }, node) => {
    if (indexOf.has(key)) faults.push({ text: `key ${quote(key)} stands twice`, node });
    else indexOf.set(key, node);
  });
  const keys = [...indexOf.keys()];
  const edges = nodes.map(({ key, dependencies }, node) => {
    const targets: number[] = [];
    const seen = new Set<string>();
    for (const [dependency, name] of dependencies.entries()) {
      const at = { node, dependency };
      const target = indexOf.get(name);
      if (seen.has(name)) faults.push({ text: `${key} names ${quote(name)} twice`, ...at });
      else if (name === key) faults.push({ text: `${key} depends on itself`, ...at });
      else if (target !== undefined) targets.push(target);
      else if (!isExisting(name)) faults.push({ text: unknownKey(name, key, keys), ...at });
      seen.add(name);
    }
    return targets;
  });
  const knots = components(edges);
  for (const knot of knots) {
    if (knot.length > 1) faults.push(cycleFault(nodes, edges, Math.min(...knot)));
  }
  return { sequence: knots.flat(), faults };
}

function cycleFault(
  nodes: readonly Node[],
  edges: readonly (readonly number[])[],
  start: number,
): GraphFault {
  const keys = shortestCycle(edges, start).map((index) => nodes[index]?.key ?? "");
  const dependency = nodes[start]?.dependencies.indexOf(keys[1] ?? "") ?? 0;
  return { text: `cycle ${keys.toReversed().join(" → ")}`, node: start, dependency };
}

function unknownKey(name: string, inTask: string, keys: readonly string[]): string {
  const meant = nearest(name, keys);
  return `unknown key ${quote(name)} in ${inTask}${meant ? ` (did you mean ${meant}?)` : ""}`;
}

function quote(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text}"`;
}
