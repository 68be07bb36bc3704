/** The one sentence for what does not exist, which is also the sentence for what belongs to somebody else. */
import { isScheduleId } from "../domain/ids.ts";
import { refuse } from "../domain/refusal.ts";

export function notFound(
  what: "task" | "run" | "key" | "schedule",
  id: string,
): ReturnType<typeof refuse> {
  // Whoever starts a workflow with a calendar gets such an id in place of a run's.
  if ((what === "run" || what === "task") && isScheduleId(id)) {
    return refuse(
      "not_found",
      `${id} is a schedule, no ${what}. GET /v1/schedules (npx baton schedules) lists schedules with their last runs; DELETE /v1/schedules/${id} (npx baton schedules --delete ${id}) ends this one.`,
    );
  }
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  return refuse("not_found", `No ${what} ${shown} here (unknown, or removed after its retention).`);
}
