/** What there is to say of a task's reviews: what they go by, how far they are, and what the earlier ones said. */
import * as z from "zod";
import type { TaskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";
import { earlierVerdicts, verdictNames } from "./feedback.ts";

/** For the full status. One read, and only for tasks that are reviewed. */
export async function reviewFacts(
  store: Store,
  task: TaskRecord,
): Promise<Record<string, unknown>> {
  if (task.reviews !== undefined) return { reviews: task.reviews };
  const { task_id, review, round } = task;
  if (!review) return {};
  const [criteria, ...verdicts] = await store.texts([
    { field: `${task_id}:criteria` },
    ...verdictNames(task),
  ]);
  const { agent_type, threshold, max_rounds } = review;
  const said = earlierVerdicts(verdicts);
  return {
    review: {
      agent_type,
      ...(round !== undefined && { round }),
      max_rounds,
      threshold,
      ...(criteria !== undefined && { criteria: z.string().parse(JSON.parse(criteria)) }),
      ...(said.length > 0 && { sent_back: said }),
    },
  };
}
