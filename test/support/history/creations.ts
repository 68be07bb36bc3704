/** Whatever a client was told that it created is there, and nothing was created oftener than it was asked for. */
import { z } from "zod";
import type { Breach, History } from "../history.ts";
import type { SeenCall } from "../seen-call.ts";
import { groupBy, textIn } from "./seen.ts";

const described = z.looseObject({ task_description: z.string() });
const workflow = z.looseObject({ tasks: z.array(described) });

export function checkCreations({ calls, facts, final }: History): Breach[] {
  const creations = calls.filter(
    ({ tool }) => tool === "create_task" || tool === "create_workflow",
  );
  const faults: Breach[] = [];
  for (const call of creations) {
    const missing = idsMadeBy(call).filter((task_id) => !final.tasks.has(task_id));
    if (missing.length > 0) {
      faults.push({ kind: "lost", text: `${missing.join(", ")} was created and is gone` });
    }
  }
  const tasks = [...final.tasks.values()];
  const invented = facts
    .filter(({ type, task_id = "" }) => type === "task.created" && !final.tasks.has(task_id))
    .map(({ task_id }) => ({
      kind: "untrue" as const,
      text: `events tell that ${task_id} was created, and it is not there`,
    }));
  return [
    ...faults,
    ...invented,
    ...checkKeys(creations),
    ...checkTwins(creations, tasks),
    ...checkWhole(creations, tasks),
    ...checkRefused(creations, tasks),
  ];
}

type Titled = { readonly task_id: string; readonly title: string };

/** Of a workflow there is all or nothing, however many scripts it took and whoever died between them. */
function checkWhole(creations: readonly SeenCall[], tasks: readonly Titled[]): Breach[] {
  const ids = new Set(tasks.map(({ task_id }) => task_id));
  const runOf = new Map(tasks.map(({ task_id, title }) => [title, task_id.replace(/t\d+$/, "")]));
  return creations
    .filter(({ tool, args }) => tool === "create_workflow" && args["lease"] === undefined)
    .flatMap((call) => {
      const titles = titlesOf(call);
      const runs = new Set(titles.flatMap((title) => runOf.get(title) ?? []));
      return [...runs].flatMap((run) => {
        const missing = titles.filter((_, index) => !ids.has(`${run}t${index + 1}`)).length;
        const text = `${run} lacks ${missing} of the ${titles.length} tasks that were asked for`;
        return missing > 0 ? [{ kind: "lost" as const, text }] : [];
      });
    });
}

/** What was refused, each time that it was asked for, is not there. */
function checkRefused(creations: readonly SeenCall[], tasks: readonly Titled[]): Breach[] {
  const possible = new Set(
    creations.filter(({ outcome }) => !("refused" in outcome)).flatMap(titlesOf),
  );
  const refused = new Set(
    creations.filter(({ outcome }) => "refused" in outcome).flatMap(titlesOf),
  );
  return tasks
    .filter(({ title }) => refused.has(title) && !possible.has(title))
    .map(({ task_id, title }) => ({
      kind: "untrue",
      text: `"${title}" was refused, and is there as ${task_id}`,
    }));
}

function titlesOf({ tool, args }: SeenCall): string[] {
  const made = tool === "create_task" ? [described.parse(args)] : workflow.parse(args).tasks;
  return made.map(({ task_description }) => task_description.split("\n", 1)[0] ?? "");
}

/** Ids that the reply named. */
function idsMadeBy({ tool, outcome }: SeenCall): string[] {
  if (!("said" in outcome)) return [];
  if (tool === "create_task") return [textIn(outcome.said, "task_id")];
  const run_id = textIn(outcome.said, "run_id");
  // Children are numbered on from the first one.
  const first = "first" in outcome.said ? textIn(outcome.said, "first") : `${run_id}t1`;
  const from = Number(first.slice(run_id.length + 1));
  return Array.from({ length: Number(outcome.said["tasks"]) }, (_, n) => `${run_id}t${from + n}`);
}

/** The same idempotency key with the same body names the same tasks each time. */
function checkKeys(creations: readonly SeenCall[]): Breach[] {
  const keyed = creations.filter(
    ({ args, outcome }) => args["idempotency_key"] !== undefined && "said" in outcome,
  );
  return [...groupBy(keyed, ({ tool, args }) => `${tool} ${String(args["idempotency_key"])}`)]
    .map(([key, group]) => ({ key, answers: new Set(group.map((call) => idsMadeBy(call).join())) }))
    .filter(({ answers }) => answers.size > 1)
    .map(({ key, answers }) => ({
      kind: "doubled",
      text: `${key} created ${[...answers].join(" and then ")}`,
    }));
}

/** Titles tell apart what was asked for: a request with a key makes one task, one without makes one each time it is sent. */
function checkTwins(
  creations: readonly SeenCall[],
  tasks: readonly { readonly task_id: string; readonly title: string }[],
): Breach[] {
  const allowed = new Map<string, number>();
  for (const call of creations) {
    const { args } = call;
    for (const title of titlesOf(call)) {
      const times = args["idempotency_key"] === undefined ? (allowed.get(title) ?? 0) + 1 : 1;
      allowed.set(title, times);
    }
  }
  return [...groupBy(tasks, ({ title }) => title)].flatMap(([title, twins]) => {
    const most = allowed.get(title);
    if (most === undefined || twins.length <= most) return [];
    const ids = twins.map(({ task_id }) => task_id).join(", ");
    const text = `"${title}" was asked for ${most} times and created as ${ids}`;
    return [{ kind: "doubled", text }];
  });
}
