/** Reads calls for what they say about leases, results and tasks. */
import { z } from "zod";
import { type LeaseRef, parseLease } from "../../../src/domain/ids.ts";
import type { Body, SeenCall } from "../seen-call.ts";

/** A lease that a reply gave, or said to hold still. */
export interface Grant extends LeaseRef {
  readonly lease: string;
  readonly agent: string;
  readonly began: number;
  readonly ended: number;
  /** Seconds that the server promised from some moment between both on. */
  readonly seconds: number;
}

export interface Submit extends LeaseRef {
  readonly lease: string;
  readonly status: string;
  /** JSON text. */
  readonly result: string;
  readonly began: number;
  readonly ended: number;
  /** What the server answered, where it did: a status, or the reason of a refusal. */
  readonly answer?: string;
  /** The server says that it has kept this result beside the task. */
  readonly kept: boolean;
}

const leases = z.array(z.looseObject({ lease: z.string(), lease_seconds: z.int() }));

export function grantsIn(calls: readonly SeenCall[]): Grant[] {
  return calls.flatMap((call) => {
    if (!("said" in call.outcome)) return [];
    const { said } = call.outcome;
    const given =
      call.tool === "heartbeat"
        ? [{ lease: call.args["lease"], lease_seconds: said["lease_seconds"] }]
        : [...listIn(said["tasks"]), ...listIn(said["next"])];
    if (!GRANTING.has(call.tool)) return [];
    const { client: agent, began, ended = Number.POSITIVE_INFINITY } = call;
    return leases
      .parse(given)
      .map(({ lease, lease_seconds: seconds }) =>
        Object.assign(refOf(lease), { lease, agent, began, ended, seconds }),
      );
  });
}

const GRANTING = new Set(["poll_tasks", "submit_result", "heartbeat"]);

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function submitsIn(calls: readonly SeenCall[]): Submit[] {
  return calls.flatMap(({ tool, args, began, ended = Number.POSITIVE_INFINITY, outcome }) => {
    if (tool !== "submit_result") return [];
    const { lease, status, result } = submitted.parse(args);
    return {
      ...refOf(lease),
      lease,
      status,
      result: JSON.stringify(result ?? null),
      began,
      ended,
      ...answerOf(outcome),
    };
  });
}

const submitted = z.looseObject({
  lease: z.string(),
  status: z.string(),
  result: z.json().optional(),
});

function answerOf(outcome: SeenCall["outcome"]): { answer?: string; kept: boolean } {
  if ("said" in outcome) {
    return { answer: textIn(outcome.said, "status"), kept: "note" in outcome.said };
  }
  if ("refused" in outcome) {
    const kept = textIn(outcome.refused, "message").includes("Your result was kept.");
    return { answer: textIn(outcome.refused, "reason"), kept };
  }
  return { kept: false };
}

export function textIn(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Error(`no ${name} in ${JSON.stringify(body)}`);
  return value;
}

function refOf(lease: string): LeaseRef {
  const ref = parseLease(lease);
  if (!ref) throw new Error(`not a lease: ${lease}`);
  return ref;
}

export function groupBy<T>(list: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}
