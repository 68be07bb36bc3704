/** Checks a graph of new tasks before any is created, and finds an order in which dependencies come first. */
import { nearest } from "./nearest.ts";

export interface Node {
  readonly key: string;
  readonly dependencies: readonly string[];
}

export interface Graph {
  /** Indices of the nodes, dependencies before dependents; complete only where there are no faults. */
  readonly sequence: readonly number[];
  /** Every fault of the graph, one sentence part each. */
  readonly faults: readonly string[];
}

/** `isExisting` says whether a name means an existing task instead of a key of this call. */
export function checkGraph(nodes: readonly Node[], isExisting: (name: string) => boolean): Graph {
  const indexOf = new Map<string, number>();
  const faults: string[] = [];
  nodes.forEach(({ key }, index) => {
    if (indexOf.has(key)) faults.push(`key ${quote(key)} stands twice`);
    else indexOf.set(key, index);
  });
  const edges = nodes.map(({ key, dependencies }) => {
    const targets: number[] = [];
    const seen = new Set<string>();
    for (const name of dependencies) {
      if (seen.has(name)) faults.push(`${key} names ${quote(name)} twice`);
      else if (name === key) faults.push(`${key} depends on itself`);
      else if (indexOf.has(name)) targets.push(indexOf.get(name) ?? 0);
      else if (!isExisting(name)) faults.push(unknownKey(name, key, [...indexOf.keys()]));
      seen.add(name);
    }
    return targets;
  });
  const { sequence, cycle } = sort(edges);
  if (cycle) faults.push(`cycle ${cycle.map((index) => nodes[index]?.key ?? "").join(" → ")}`);
  return { sequence, faults };
}

function unknownKey(name: string, inTask: string, keys: readonly string[]): string {
  const meant = nearest(name, keys);
  return `unknown key ${quote(name)} in ${inTask}${meant ? ` (did you mean ${meant}?)` : ""}`;
}

function quote(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

/** Depth first, without recursion: a chain may be as long as the workflow. `edges[i]` are the dependencies of i. */
function sort(edges: readonly (readonly number[])[]): { sequence: number[]; cycle?: number[] } {
  const sequence: number[] = [];
  const state = edges.map((): "new" | "open" | "done" => "new");
  for (let start = 0; start < edges.length; start++) {
    const path: { node: number; next: number }[] = [];
    if (state[start] === "new") path.push({ node: start, next: 0 });
    for (let top = path.at(-1); top; top = path.at(-1)) {
      state[top.node] = "open";
      const target = edges[top.node]?.[top.next++];
      if (target === undefined) {
        state[top.node] = "done";
        sequence.push(top.node);
        path.pop();
      } else if (state[target] === "open") {
        const nodes = path.map(({ node }) => node);
        return { sequence, cycle: [...nodes.slice(nodes.indexOf(target)), target].toReversed() };
      } else if (state[target] === "new") {
        path.push({ node: target, next: 0 });
      }
    }
  }
  return { sequence };
}
