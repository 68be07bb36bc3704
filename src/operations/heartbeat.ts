/** Renews a lease, notes how far the work is, and tells the worker what it must know. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import { lease } from "./fields.ts";
import { leaseRefusal, readLease } from "./lease-refusal.ts";
import { notices, sayNotices } from "./notices.ts";
import { defineOperation } from "./operation.ts";

export const heartbeat = defineOperation({
  name: "heartbeat",
  roles: AGENTS,
  input: z.strictObject({
    lease,
    progress: z.int().min(0).max(100).optional(),
    message: z.string().max(LIMITS.message_length).optional(),
  }),
  output: z.looseObject({
    lease_seconds: z.int(),
    notices,
  }),
  run: async ({ services, caller }, { lease: token, progress, message }) => {
    const held = readLease(token, caller);
    if (!held.ok) return held;
    const reply = await services.store.heartbeat({
      lease: held.value,
      ...(progress !== undefined && { progress }),
      ...(message !== undefined && { message }),
    });
    if ("refused" in reply) return leaseRefusal(reply.refused, held.value);
    const { now, until_ms } = reply.said;
    return ok({
      lease_seconds: Math.max(0, Math.floor((until_ms - now) / 1000)),
      ...sayNotices(reply.said.notices),
    });
  },
});
