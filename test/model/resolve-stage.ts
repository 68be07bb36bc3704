/** Turns the staging of a workflow into its calls: batches of two, and the launch. */
import { type NewTask } from "../../src/store/creation.ts";
import { type Call } from "./call.ts";
import { type Command } from "./commands.ts";
import { creation } from "./resolve-create.ts";
import { type Begun, nth, type Scene } from "./scene.ts";

const BATCH = 2;

export function beginStaging(scene: Scene, command: Command & { do: "stage" }): Call {
  const { args } = creation(scene, { ...command, do: "create" });
  const begun = { creation: { ...args, name: "large" }, sent: 0 };
  scene.history.stagings.push(begun);
  return nextBatch(begun);
}

export function goOnStaging(
  { history }: Scene,
  { pick, early }: Command & { do: "stage on" },
): Call | undefined {
  const begun = nth(history.stagings, pick);
  if (!begun) return undefined;
  const { run_id, sent } = begun;
  const { operation_id, idempotency_key, tasks } = begun.creation;
  if (run_id === undefined || (!early && sent < tasks.length)) return nextBatch(begun);
  return {
    op: "launch",
    args: {
      operation_id: `${operation_id}:launch`,
      run_id,
      ...(idempotency_key !== undefined && { idempotency_key }),
    },
  };
}

/** Before its reply is known, the first batch again. */
function nextBatch(begun: Begun): Call {
  const { creation, run_id } = begun;
  const start = run_id === undefined ? 0 : begun.sent;
  const { sequence: _, texts, ...rest } = creation;
  const tasks = creation.tasks.slice(start, start + BATCH);
  begun.sent = start + BATCH;
  return {
    op: "stage",
    args: {
      ...rest,
      ...(run_id !== undefined && { run_id }),
      first: start + 1,
      total: creation.tasks.length,
      tasks,
      payloads: creation.payloads.slice(start, start + BATCH),
      texts: texts
        .filter(({ number }) => number > start && number <= start + BATCH)
        .map(({ number, name, text }) => ({ number: number - start, name, text })),
      lanes: run_id === undefined ? creation.tasks.flatMap(lanesOf) : [],
    },
  };
}

type Lane = Pick<NewTask, "agent_type" | "requires" | "assignee">;

function lanesOf({ agent_type, requires, assignee, review }: NewTask): Lane[] {
  const own = {
    agent_type,
    ...(requires && { requires }),
    ...(assignee !== undefined && { assignee }),
  };
  return review ? [own, { agent_type: review.agent_type }] : [own];
}
