/** Turns what an orchestrator does into a call, and chooses the tasks that it concerns. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type CheckedLateResults, type Control } from "../../src/store/steering.ts";
import { type Call } from "./call.ts";
import { type Command } from "./commands.ts";
import { name, nth, type Scene, taskAt } from "./scene.ts";

export function controlCall(scene: Scene, command: Command & { do: "control" }): Call {
  const { action, priority } = command;
  const now = scene.world.now;
  const kinds = {
    deadline: { fields: { deadline: now + 90_000 }, cleared: [], payload: false },
    "no backoff": {
      fields: { retry: { initial_seconds: 0 }, priority: 0, lease_seconds: 10 },
      cleared: [],
      payload: false,
    },
    payload: { fields: { title: "changed" }, cleared: [], payload: true, payload_bytes: 33 },
  };
  const changes = action === "retry" && command.changes && kinds[command.changes];
  const chosen = targets(scene, command);
  return {
    op: "control",
    args: {
      ...(command.key === undefined
        ? { operation_id: name(scene, "op") }
        : {
            operation_id: `key:control:${command.key}`,
            fingerprint: `${action}${JSON.stringify(chosen)}`,
          }),
      action,
      ...chosen,
      limit: LIMITS.control_tasks,
      ...(action === "set_priority" && { priority }),
      ...(action === "discard" && { note: "seen" }),
      ...((action === "answer" || action === "message") && {
        said: `${action} ${scene.history.names}`,
      }),
      ...(changes && { changes }),
      ...(action === "promote_late_result" && { late: lateResults(scene, command) }),
      text: changes && changes.payload ? `{"task_description":"changed"}` : "",
    },
  };
}

function lateResults({ world }: Scene, { late }: Command & { do: "control" }): CheckedLateResults {
  const found = [...world.tasks.values()].flatMap(({ task_id, late_results = [] }) => {
    const attempt = late_results.at(-1);
    return attempt === undefined ? [] : [{ task_id, attempt }];
  });
  return {
    fit:
      late === "fit"
        ? Object.fromEntries(found.map(({ task_id, attempt }) => [task_id, attempt]))
        : {},
    unfit: late === "unfit" ? Object.fromEntries(found.map(({ task_id }) => [task_id, "no"])) : {},
  };
}

function targets(
  scene: Scene,
  { action, target, pick }: Command & { do: "control" },
): Pick<Control, "task_ids" | "error_code"> {
  const tasks = [...scene.world.tasks.values()];
  const failed = tasks.filter(({ status }) => status === "failed");
  switch (target) {
    case "fit": {
      const fitting = {
        cancel: tasks.filter(({ status }) => !isTerminal(status)),
        set_priority: tasks.filter(({ status }) => !isTerminal(status)),
        retry: failed,
        discard: failed,
        answer: tasks.filter(({ suspended_for }) => suspended_for === "answer"),
        message: tasks.filter(({ status }) => !isTerminal(status)),
        promote_late_result: tasks.filter(({ late_results }) => late_results),
      };
      const found = nth(fitting[action], pick);
      if (found) return { task_ids: [found.task_id] };
      break;
    }
    case "tasks": {
      const picks = [pick, pick + 1, pick + 2];
      return { task_ids: [...new Set(picks.map((back) => taskAt(scene, back)))] };
    }
    case "code":
      if (action !== "retry" && action !== "discard") break;
      return { error_code: nth(failed, pick)?.error_code ?? "disk" };
    case "task":
      break;
  }
  return { task_ids: [taskAt(scene, pick)] };
}
