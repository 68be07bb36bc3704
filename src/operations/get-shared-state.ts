/** Reads the blackboard: one key, or all with a prefix. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse } from "../domain/refusal.ts";
import { EVERYBODY } from "../domain/role.ts";
import type { HeldLease } from "../store/held-lease.ts";
import { lease, runId } from "./fields.ts";
import { leaseRefusal, readLease } from "./lease-refusal.ts";
import { notFound } from "./not-found.ts";
import { notices, sayNotices } from "./notices.ts";
import { defineOperation } from "./operation.ts";
import { fitting } from "./reply-budget.ts";
import { stateScope } from "./state-name.ts";

export const getSharedState = defineOperation({
  name: "get_shared_state",
  roles: EVERYBODY,
  input: z.strictObject({
    key: z.string().min(1).max(LIMITS.state_key_length).optional(),
    prefix: z.string().max(LIMITS.state_key_length).optional(),
    run_id: runId.optional(),
    lease: lease.optional(),
  }),
  output: z.looseObject({
    key: z.string().optional(),
    value: z.json().optional(),
    version: z.int().optional(),
    entries: z
      .array(z.looseObject({ key: z.string(), value: z.json(), version: z.int() }))
      .optional(),
    notices,
  }),
  run: async ({ services: { store }, caller }, { key, prefix, run_id, lease: token }) => {
    if (key !== undefined && prefix !== undefined)
      return refuse("invalid", "Give key or prefix, not both.");
    const scope = stateScope(run_id);
    if (!scope.ok) return scope;
    let held: HeldLease | undefined;
    if (token !== undefined) {
      const read = readLease(token, caller);
      if (!read.ok) return read;
      held = read.value;
    }
    const reply = await store.getState({
      ...(key === undefined
        ? { prefix: scope.value + (prefix ?? "") }
        : { name: scope.value + key }),
      ...(held && { lease: held }),
    });
    if ("refused" in reply) {
      if (!held) throw new Error("a read without a lease was refused");
      return leaseRefusal(reply.refused, held);
    }
    const entries = reply.said.entries.map(({ name, value, version }) => ({
      key: name.slice(scope.value.length),
      value,
      version,
    }));
    const told = sayNotices(reply.said.notices);
    if (key === undefined) {
      const shown = fitting(entries, LIMITS.reply_bytes);
      const others = entries.slice(shown.length).map((entry) => entry.key);
      return ok({
        entries: shown,
        ...(others.length > 0 && { read_one_by_one: others }),
        ...(reply.said.more !== null && { more: "There are more: read on with a longer prefix." }),
        ...told,
      });
    }
    const [entry] = entries;
    if (entry) return ok({ ...entry, ...told });
    const { refusal } = notFound("key", key);
    return { ok: false, refusal: { ...refusal, ...told } };
  },
});
