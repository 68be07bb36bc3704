/** Strongly connected components of a graph: the parts within which everything depends on everything. */

/**
 * Tarjan's algorithm without recursion, since a chain may be as long as the workflow. `edges[i]` are the dependencies of
 * i. Components come dependencies first, and so does the whole where each component is one node.
 */
export function components(edges: readonly (readonly number[])[]): number[][] {
  const found: number[][] = [];
  const order = new Map<number, number>();
  const lowest: number[] = [];
  const open: number[] = [];
  const isOpen = new Set<number>();
  const enter = (node: number) => {
    lowest[node] = order.size;
    order.set(node, order.size);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: number, to: number) => {
    lowest[node] = Math.min(lowest[node] ?? to, to);
  };
  for (let start = 0; start < edges.length; start++) {
    const path = order.has(start) ? [] : [enter(start)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { node } = top;
      const target = edges[node]?.[top.next++];
      if (target === undefined) {
        path.pop();
        const low = lowest[node] ?? 0;
        const before = path.at(-1);
        if (before) lower(before.node, low);
        if (low === order.get(node)) {
          const members = open.splice(open.lastIndexOf(node));
          for (const member of members) isOpen.delete(member);
          found.push(members);
        }
      } else if (!order.has(target)) {
        path.push(enter(target));
      } else if (isOpen.has(target)) {
        lower(node, order.get(target) ?? 0);
      }
    }
  }
  return found;
}

/** A shortest cycle through `start`, which begins and ends with it; each node depends on the next. */
export function shortestCycle(edges: readonly (readonly number[])[], start: number): number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const target of edges[node] ?? []) {
      if (target === start) {
        const path = [start];
        for (let at = node; at !== start; at = cameFrom.get(at) ?? start) path.unshift(at);
        return [start, ...path];
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, node);
      queue.push(target);
    }
  }
  return [];
}
