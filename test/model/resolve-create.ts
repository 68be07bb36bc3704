/** Turns the description of new tasks into the call that creates them. */
import { createHash } from "node:crypto";
import { type NewTask, type TextBeside, type WantedDependency } from "../../src/store/creation.ts";
import { type Call } from "./call.ts";
import { type Command, type TaskSpec } from "./commands.ts";
import { agentId, liveLeaseAt, name, runAt, type Scene, taskAt, TYPES } from "./scene.ts";

export function creation(
  scene: Scene,
  command: Command & { do: "create" },
): Call & { op: "create" } {
  const tasks = command.tasks.map((spec, index) =>
    newTask(scene, { spec: shaped(command, { spec, index }), index }),
  );
  const upstream = tasks.flatMap(({ dependencies = [] }) =>
    dependencies.flatMap((dependency) => ("task_id" in dependency ? [dependency.task_id] : [])),
  );
  const some = scene.history.leases.length > 0 ? command.lease : undefined;
  const lease =
    some === undefined ? undefined : liveLeaseAt(scene, { lease: some, fits: () => true });
  const join = scene.world.runs.size > 0 && !lease ? command.join : undefined;
  const asked = {
    created_by: "key-0",
    ...(lease && { lease, run_id: lease.task_id.replace(/t\d+$/, "") }),
    ...(join !== undefined && { run_id: runAt(scene, join) }),
    ...(join === undefined && !lease && tasks.length > 1 && { name: "flow" }),
    tasks,
    payloads: tasks.map(({ title }) => JSON.stringify({ task_description: title })),
    texts: command.tasks.flatMap(textsBeside),
    sequence: tasks.map((_, index) => index + 1),
    upstream: [...new Set(upstream)],
    agent_types: [
      ...new Set(
        tasks.flatMap(({ agent_type, review }) =>
          review ? [agent_type, review.agent_type] : [agent_type],
        ),
      ),
    ],
  };
  return {
    op: "create",
    args: {
      ...asked,
      operation_id: name(scene, "op"),
      ...(command.key !== undefined && {
        idempotency_key: `key${command.key}`,
        fingerprint: createHash("sha1").update(JSON.stringify(command)).digest("hex"),
      }),
    },
  };
}

function textsBeside({ schema, review }: TaskSpec, index: number): TextBeside[] {
  const number = index + 1;
  return [
    ...(schema ? [{ number, name: "schema" as const, text: `{"type":"object"}` }] : []),
    ...(review ? [{ number, name: "criteria" as const, text: `"Is it right?"` }] : []),
  ];
}

function shaped(
  { shape }: Command & { do: "create" },
  { spec, index }: { spec: TaskSpec; index: number },
): TaskSpec {
  if (shape === "free") return spec;
  const waitsFor = { fan: 0, chain: index - 1, tree: index > 1 ? 1 : 0 };
  return { ...spec, own: [index - waitsFor[shape]] };
}

function newTask(scene: Scene, { spec, index }: { spec: TaskSpec; index: number }): NewTask {
  const own = new Set(spec.own.map((back) => index - back).filter((number) => number > 0));
  const some = scene.world.tasks.size > 0;
  const old = new Set(some ? spec.old.map((back) => taskAt(scene, back)) : []);
  const dependencies: WantedDependency[] = [
    ...[...own].map((number) => ({ number, key: `k${number}` })),
    ...[...old].map((task_id) => ({ task_id })),
  ];
  const {
    start_in,
    deadline_in,
    assignee,
    type,
    own: _own,
    old: _old,
    requires,
    schema,
    delegation,
    review,
    locks,
    ...options
  } = spec;
  const later = (seconds: number): number => scene.world.now + seconds * 1000;
  return {
    ...options,
    ...(requires && { requires: [...requires] }),
    ...(schema && { has_schema: true }),
    ...(delegation && { delegation }),
    ...(review && {
      review: {
        agent_type: TYPES[review.type] ?? "",
        threshold: 0.8,
        max_rounds: review.max_rounds,
      },
    }),
    ...(locks && { locks: [...locks] }),
    title: `task ${index}`,
    agent_type: TYPES[type] ?? "",
    payload_bytes: 30,
    ...(assignee !== undefined && { assignee: agentId(assignee) }),
    ...(start_in !== undefined && { start_at: later(start_in) }),
    ...(deadline_in !== undefined && { deadline: later(deadline_in) }),
    ...(dependencies.length > 0 && { dependencies }),
  };
}
