/** A workflow as it was read from a file, with the way back to where each part of it stands; and what is wrong with its graph. */
import { checkGraph } from "../../domain/graph.ts";
import { parseTaskId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Fault, Path } from "./fault.ts";
import type { Workflow } from "./workflow-schema.ts";

export interface Draft {
  readonly workflow: Workflow;
  /** Remarks on how the file was understood. */
  readonly remarks: readonly string[];
}

export type Reading =
  | { readonly ok: true; readonly value: Draft }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** A task as far as the graph is concerned. */
export interface DraftNode {
  readonly key: string;
  readonly path: Path;
  readonly dependencies: readonly { readonly name: string; readonly path: Path }[];
}

/** Doubled keys, unknown names, self-edges, cycles and lists that are too long: all of them. */
export function graphFaults(nodes: readonly DraftNode[]): Fault[] {
  const { faults } = checkGraph(
    nodes.map(({ key, dependencies }) => ({
      key,
      dependencies: dependencies.map(({ name }) => name),
    })),
    (name) => parseTaskId(name) !== undefined,
  );
  const placed = faults.flatMap(({ text, node, dependency }): Fault[] => {
    const at = nodes[node];
    if (!at) return [];
    const edge = dependency === undefined ? undefined : at.dependencies[dependency];
    return [{ message: text, path: edge?.path ?? at.path }];
  });
  const long = nodes.filter(({ dependencies }) => dependencies.length > LIMITS.dependencies);
  return [
    ...placed,
    ...long.map(({ key, path, dependencies }) => ({
      path,
      message: `${key} has ${dependencies.length} dependencies; at most ${LIMITS.dependencies} are allowed`,
    })),
  ];
}
