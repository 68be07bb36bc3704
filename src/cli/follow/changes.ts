/** What changed between two looks at a run, in words. */
import { clean } from "../text.ts";
import type { RunView, TaskView } from "./run-view.ts";

/** What the server knows about one task beyond its line in the run. */
export interface Details {
  readonly error?: string;
  readonly question?: string;
}

export interface Change {
  readonly task: TaskView;
  /** True when the words need what only the task's own status says. */
  readonly asks: boolean;
  /** What comes after the name of the task. */
  readonly say: (details: Details) => string;
}

/** The first look tells only what is already under way or over. */
export function changesBetween(before: RunView | undefined, after: RunView): Change[] {
  return [...after.tasks.values()].flatMap((task) => {
    const earlier = before?.tasks.get(task.task_id);
    const same = earlier?.status === task.status && earlier.attempt === task.attempt;
    if (same || (!earlier && ["blocked", "ready"].includes(task.status))) return [];
    const say = words(task, earlier);
    const asks = ["failed", "scheduled", "suspended"].includes(task.status);
    return say ? [{ task, asks, say }] : [];
  });
}

function words(task: TaskView, earlier: TaskView | undefined): Change["say"] | undefined {
  switch (task.status) {
    case "running": {
      const by = task.agent_id ? ` by ${clean(task.agent_id)}` : "";
      return () =>
        task.attempt > 1 ? `started again${by} (attempt ${task.attempt})` : `started${by}`;
    }
    case "scheduled":
      return ({ error }) =>
        error && task.attempt > 0
          ? `failed and is tried again in ${task.waits_for}: ${error}`
          : `waits for its time: ${task.waits_for}`;
    case "ready":
      return readyWords(earlier);
    case "suspended":
      return ({ question }) =>
        question === undefined
          ? `waits for ${clean(task.waits_for ?? "others")}`
          : `asks: ${question}\n  Answer with: npx baton answer ${task.task_id} "…"`;
    case "in_review":
      return () => `is done and in review`;
    case "failed":
      return ({ error }) =>
        `failed${error ? `: ${error}` : ""}\n  Try it again with: npx baton retry ${task.task_id}`;
    case "completed":
    case "cancelled":
    case "skipped":
      return () => task.status;
    default:
      return undefined;
  }
}

/** Being ready is worth a line only where it is a step back. */
function readyWords(earlier: TaskView | undefined): Change["say"] | undefined {
  switch (earlier?.status) {
    case "running":
      return () => "was given back, or its lease ended: waits for an agent again";
    case "suspended":
      return () => "goes on: waits for an agent";
    case "in_review":
      return () => "was sent back by its reviewer";
    case "failed":
      return () => "is tried again";
    default:
      return undefined;
  }
}
