/**
 * `POST /qstash/failed`: QStash gave up one of its callbacks. It is noted for people to see; if it was a tick, the
 * project is looked at now, since nothing else may do it for minutes; an attempt to deliver a webhook makes a dead
 * delivery, which can be replayed.
 */
import * as z from "zod";
import { log } from "../../observability/log.ts";
import type { Timers } from "../../operations/composition.ts";
import { tick } from "../../operations/tick.ts";
import type { Outcome } from "./outcome.ts";
import { giveUp } from "../../operations/webhooks/give-up.ts";
import { deliverBody } from "./deliver.ts";
import { tickBody } from "./tick.ts";

/** https://upstash.com/docs/qstash/features/callbacks */
const failedBody = z.object({
  sourceMessageId: z.string().min(1).max(200),
  url: z.url(),
  /** What our route answered; 0 where it did not. */
  status: z.int().default(0),
  sourceBody: z.string().default(""),
});

const aboutProject = z.object({ project: z.string() });

export async function failedCallback(timers: Timers, body: unknown): Promise<Outcome> {
  const read = failedBody.safeParse(body);
  if (!read.success) return { never: "malformed" };
  const { sourceMessageId, url, status, sourceBody } = read.data;
  const content = fromBase64(sourceBody);
  const project = aboutProject.safeParse(content).data?.project;
  const path = new URL(url).pathname.slice(0, 100);
  const failure = { message_id: sourceMessageId, path, status, ...(project && { project }) };
  if (await timers.deployment.noteFailure(failure)) {
    log("scheduler.failed", { message_id: sourceMessageId, callback: path, status, project });
  }
  const services = project === undefined ? undefined : timers.servicesOf(project);
  if (!services) return { done: {} };
  const attempt = deliverBody.safeParse(content);
  if (attempt.success && services.webhooks) {
    await giveUp(services.webhooks, attempt.data);
    return { done: { project, delivery_id: attempt.data.delivery_id, delivery: "dead" } };
  }
  const { generation } = tickBody.safeParse(content).data ?? {};
  if (generation === undefined) return { done: { project } };
  return { done: { project, ...(await tick(services.store, { generation })) } };
}

function fromBase64(text: string): unknown {
  try {
    return JSON.parse(atob(text));
  } catch {
    return undefined;
  }
}
