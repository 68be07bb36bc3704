/** Writes the blackboard, with compare-and-set where a version is given. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import type { RefusedReply } from "../store/codec.ts";
import type { HeldLease } from "../store/held-lease.ts";
import { idempotencyKey, lease, runId } from "./fields.ts";
import { leaseRefusal, readLease } from "./lease-refusal.ts";
import { notFound } from "./not-found.ts";
import { notices, sayNotices } from "./notices.ts";
import { defineOperation } from "./operation.ts";
import { fingerprint } from "./random-name.ts";
import { stateScope } from "./state-name.ts";
import { bytesOf } from "./text.ts";
import { keyUsedOtherwise } from "./key-used-otherwise.ts";

export const setSharedState = defineOperation({
  name: "set_shared_state",
  roles: AGENTS,
  input: z.strictObject({
    key: z.string().min(1).max(LIMITS.state_key_length),
    value: z.json(),
    if_version: z.int().min(0).optional(),
    ttl_seconds: z.int().min(1).max(31_536_000).optional(),
    run_id: runId.optional(),
    lease: lease.optional(),
    idempotency_key: idempotencyKey.optional(),
  }),
  output: z.looseObject({ key: z.string(), version: z.int(), notices }),
  run: async (
    call,
    { key, value, if_version, ttl_seconds, run_id, lease: token, idempotency_key },
  ) => {
    const scope = stateScope(run_id);
    if (!scope.ok) return scope;
    const text = JSON.stringify(value);
    const bytes = bytesOf(text);
    if (bytes > LIMITS.state_value_bytes) {
      return refuse(
        "too_large",
        `value has ${bytes} bytes; at most ${LIMITS.state_value_bytes} are allowed: store its address instead.`,
        {
          parameters: ["value"],
          limit: LIMITS.state_value_bytes,
        },
      );
    }
    let held: HeldLease | undefined;
    if (token !== undefined) {
      const read = readLease(token, call.caller);
      if (!read.ok) return read;
      held = read.value;
    }
    const reply = await call.services.store.setState({
      ...(idempotency_key === undefined
        ? { operation_id: call.operation_id }
        : {
            operation_id: `key:${await fingerprint(idempotency_key)}`,
            fingerprint: await fingerprint([key, run_id, text, if_version, ttl_seconds]),
          }),
      name: scope.value + key,
      key,
      value: text,
      ...(run_id !== undefined && { run_id }),
      ...(if_version !== undefined && { if_version }),
      ...(ttl_seconds !== undefined && { ttl_seconds }),
      ...(held && { lease: held }),
    });
    if ("refused" in reply) {
      const { refusal } = writeRefusal(reply.refused, { key, held });
      return { ok: false, refusal: { ...refusal, ...sayNotices(reply.refused.notices) } };
    }
    return ok({ key, version: reply.said.version, ...sayNotices(reply.said.notices) });
  },
});

function writeRefusal(
  refused: RefusedReply,
  { key, held }: { key: string; held: HeldLease | undefined },
): ReturnType<typeof refuse> {
  switch (refused.refused) {
    case "version_conflict":
      return refuse(
        "version_conflict",
        refused.version === 0
          ? `${key} does not exist: write with if_version 0, or without.`
          : `Now version ${refused.version}: ${shorten(JSON.stringify(refused.value))}. Merge, then write with if_version ${refused.version}.`,
        { version: refused.version, ...("value" in refused && { value: refused.value }) },
      );
    case "not_found":
      return notFound("run", refused.ids?.[0] ?? "");
    case "idempotency_conflict":
      return keyUsedOtherwise();
    case "limit":
      return refuse(
        "limit",
        `The shared state has ${LIMITS.state_keys} keys, which is the most: use keys again.`,
        {
          limit: LIMITS.state_keys,
        },
      );
    default:
      if (!held) throw new Error(`unexpected refusal of a write: ${refused.refused}`);
      return leaseRefusal(refused, held);
  }
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300).toWellFormed()}…` : text;
}
