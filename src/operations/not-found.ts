/** The one sentence for what does not exist, which is also the sentence for what belongs to somebody else. */
import { refuse } from "../domain/refusal.ts";

export function notFound(
  what: "task" | "run" | "key" | "schedule",
  id: string,
): ReturnType<typeof refuse> {
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  return refuse("not_found", `No ${what} ${shown} here (unknown, or removed after its retention).`);
}
