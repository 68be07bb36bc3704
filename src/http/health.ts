/** `/readyz`: can this Worker do its work right now, and if not, is it Redis or QStash? */
import type { Composition } from "../operations/composition.ts";
import { readiness } from "../operations/readiness.ts";
import { problemResponse } from "./problem.ts";

/**
 * 503 without Redis, where nothing works. Without QStash 200 with `status: "degraded"`: agents are served, and deadlines
 * are seen to by their calls.
 */
export async function serveReadiness(
  composition: Pick<Composition, "services" | "timers">,
): Promise<Response> {
  const { redis, qstash } = await readiness(composition);
  if (!redis.ok) {
    const message = `Redis did not answer (fault ${redis.fault_id}). See the log for it; nothing can be done here until it does.`;
    return problemResponse({
      status: 503,
      reason: "unavailable",
      message,
      facts: { fault_id: redis.fault_id, redis: { ok: false, message }, qstash },
    });
  }
  return Response.json({
    status: qstash.ok ? "ready" : "degraded",
    redis: { ok: true },
    qstash,
    health: redis.health,
  });
}
