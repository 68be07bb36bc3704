/** A task that was handed back undone: who gets it, and what they are told. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

test("other agents go first for sixty seconds, then anyone may have it", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  await project.ok(submitResult, { lease, status: "released" });
  expect(await project.poll("ada")).toEqual([]);
  project.advance(59);
  expect(await project.poll("ada")).toEqual([]);
  project.advance(1);
  expect((await project.claim("ada")).lease).toMatch(`${id}.2.`);
});

test("another agent gets it at once, with the notes and its old place", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  project.advance(10);
  await project.task();
  await project.ok(submitResult, { lease, status: "released", result: { tried: ["a"], left: [] } });
  const next = await project.claim("bob");
  expect(next.lease).toMatch(`${id}.2.`);
  expect(next.notes).toEqual({ tried: ["a"], left: [] });
  expect(next.previous_errors).toBeUndefined();
  expect(await project.audit()).toEqual([]);
});

test("notes stay with the task through further attempts, the newest instead of the oldest", async () => {
  const project = newProject();
  await project.task();
  const first = await project.claim("ada", { lease_seconds: 60 });
  await project.ok(submitResult, { lease: first.lease, status: "released", result: "one" });
  await project.claim("bob", { lease_seconds: 60 });
  project.advance(61);
  const third = await project.claim("eve");
  expect(third.notes).toBe("one");
  await project.ok(submitResult, { lease: third.lease, status: "released", result: "two" });
  expect((await project.claim("bob")).notes).toBe("two");
});

test("an agent that released the heads of a lane still gets what stands behind them", async () => {
  const project = newProject();
  for (let made = 0; made < LIMITS.claim_lookahead; made++) await project.task();
  const last = await project.task();
  for (let released = 0; released < LIMITS.claim_lookahead; released++) {
    const { lease } = await project.claim("ada");
    await project.ok(submitResult, { lease, status: "released" });
  }
  expect((await project.claim("ada")).lease).toMatch(`${last}.1.`);
  expect(await project.audit()).toEqual([]);
});

test("notes over their limit are refused, and the worker still holds the task", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  const result = "x".repeat(LIMITS.notes_bytes);
  const refusal = await project.refusal(submitResult, { lease, status: "released", result });
  expect(refusal).toMatchObject({ reason: "too_large", limit: LIMITS.notes_bytes });
  expect(await project.record("r1t1")).toMatchObject({ status: "running", attempt: 1 });
  expect(Object.keys((await project.dump()).hashes["shard:1"] ?? {})).not.toContain("r1t1:notes");
});
