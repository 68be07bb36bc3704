/** Compares records with the indexes made from them, a page at a time, and mends what does not fit. For people. */
import * as z from "zod";
import { ok, refuse } from "../domain/refusal.ts";
import { ADMINS } from "../domain/role.ts";
import { defineOperation } from "./operation.ts";

/** Where a page begins: at a record, or at a place in one of the indexes. */
const CURSOR =
  /^(records:\d{1,9}\.\d{1,6}|(line|state|locks|deliveries|outbox|held|listed):\d{1,20}|(edges|dead|names|parked):(-|\([\s\S]{1,300})|schedules:)$/;

const START = "records:1.1";

export const audit = defineOperation({
  name: "audit",
  roles: ADMINS,
  input: z.strictObject({
    cursor: z.string().max(400).optional(),
    /** False: only say what does not fit. */
    repair: z.boolean().optional(),
  }),
  output: z.looseObject({
    /** Records or entries that this page held. */
    looked: z.int(),
    /** What did not fit, one sentence each; mended unless `repair` was false. */
    findings: z.array(z.string()),
    /** Runs with too many tasks to be counted. */
    uncounted: z.array(z.string()).optional(),
    /** Absent after the last page. */
    cursor: z.string().optional(),
  }),
  run: async ({ services: { store } }, { cursor = START, repair = true }) => {
    if (!CURSOR.test(cursor)) {
      return refuse(
        "invalid",
        "cursor is none that audit gave: send the last one as it is, or none.",
      );
    }
    const reply = await store.audit({ cursor, repair });
    if ("refused" in reply) throw new Error("an audit was refused");
    const { looked, findings, uncounted, next } = reply.said;
    return ok({
      looked,
      findings,
      ...(uncounted.length > 0 && { uncounted }),
      ...(next !== null && { cursor: next }),
    });
  },
});
