/** `/readyz`: can this Worker do its work right now? */
import { recordFault } from "../observability/fault.ts";
import type { Services } from "../operations/services.ts";
import { problemResponse } from "./problem.ts";

export async function serveReadiness({ store }: Services): Promise<Response> {
  try {
    await store.ping();
    return Response.json({ status: "ready" });
  } catch (error) {
    const { id } = recordFault(error);
    return problemResponse({
      status: 503,
      reason: "unavailable",
      message: `Redis did not answer (fault ${id}). See the log for it; nothing can be done here until it does.`,
      facts: { fault_id: id },
    });
  }
}
