/** `POST /qstash/tick`: the deadline that a project's tick was armed for has come. */
import * as z from "zod";
import type { Timers } from "../../operations/composition.ts";
import { tick } from "../../operations/tick.ts";
import type { Outcome } from "./outcome.ts";

/** Fields that a later version adds are no reason to lose a tick. */
export const tickBody = z.object({ project: z.string(), generation: z.int().min(1) });

export async function tickCallback({ servicesOf }: Timers, body: unknown): Promise<Outcome> {
  const read = tickBody.safeParse(body);
  if (!read.success) return { never: "malformed" };
  const { project, generation } = read.data;
  const services = servicesOf(project);
  if (!services) return { never: "unknown_project" };
  return { done: { project, ...(await tick(services.store, { generation })) } };
}
