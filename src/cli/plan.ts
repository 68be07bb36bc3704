/** Says what a workflow would do: which tasks may run at the same time, and which chain decides how long it takes. */
import { checkGraph } from "../domain/graph.ts";
import { readCronOption } from "../domain/schedule.ts";
import { shapeOf } from "../domain/waves.ts";
import type { Workflow } from "./files/workflow-schema.ts";
import { clean, plural } from "./text.ts";

/** `workflow` was read without faults. */
export function planLines({ name, agent_type, tasks, options }: Workflow): string[] {
  const nodes = tasks.map(({ key, dependencies = [] }) => ({ key, dependencies }));
  const { waves, critical_path } = shapeOf(nodes, checkGraph(nodes, () => true).sequence);
  const types = new Map<string, number>();
  for (const task of tasks) {
    const type = task.agent_type ?? agent_type ?? "";
    types.set(type, (types.get(type) ?? 0) + 1);
  }
  const width = String(waves.length).length;
  return [
    `${clean(name)}: ${plural(tasks.length, "task")} in ${plural(waves.length, "wave")}`,
    ...waves.map(
      (keys, index) =>
        `  ${String(index + 1).padStart(width)}  ${keys.map((key) => clean(key)).join(", ")}`,
    ),
    `Critical path: ${critical_path.map((key) => clean(key)).join(" → ")}`,
    `Agent types: ${[...types].map(([type, count]) => `${clean(type)} ${count}`).join(", ")}`,
    ...(options?.["cron"] === undefined ? [] : [calendarLine(options["cron"])]),
    "Nothing was sent.",
  ];
}

function calendarLine(cron: unknown): string {
  const read = readCronOption(cron);
  if (!read.ok) return read.refusal.message;
  const { schedule, time_zone = "UTC", on_overlap = "skip" } = read.value;
  return `By the calendar: ${schedule} (${clean(time_zone)}), on overlap: ${on_overlap}`;
}
