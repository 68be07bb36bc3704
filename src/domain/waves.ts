/** What a graph of tasks allows: which of them may run at the same time, and the chain that decides how long it takes. */
import type { Node } from "./graph.ts";

export interface Shape {
  /** Keys by the earliest moment at which they may start: the first wave at once, each other after the one before. */
  readonly waves: readonly (readonly string[])[];
  /** A longest chain of tasks in which each waits for the one before. */
  readonly critical_path: readonly string[];
}

/** `sequence` is that of `checkGraph` for the same nodes, which had no faults. Tasks that exist already count as done. */
export function shapeOf(nodes: readonly Node[], sequence: readonly number[]): Shape {
  const waves: string[][] = [];
  const waveOf = new Map<string, number>();
  /** The dependency in the wave just before. */
  const afterOf = new Map<string, string>();
  for (const index of sequence) {
    const node = nodes[index];
    if (!node) continue;
    let wave = 0;
    for (const name of node.dependencies) {
      const before = waveOf.get(name);
      if (before === undefined || before < wave) continue;
      wave = before + 1;
      afterOf.set(node.key, name);
    }
    waveOf.set(node.key, wave);
  }
  for (const { key } of nodes) (waves[waveOf.get(key) ?? 0] ??= []).push(key);
  const critical_path: string[] = [];
  for (let key = waves.at(-1)?.[0]; key !== undefined; key = afterOf.get(key)) {
    critical_path.unshift(key);
  }
  return { waves, critical_path };
}
