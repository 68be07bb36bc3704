/** A task whose removal has begun: nothing takes that back, and nobody takes it for whole. */
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { audit } from "../../src/operations/audit.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { createStore } from "../../src/store/store.ts";
import { createTransport } from "../../src/store/transport.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const DAY = 86_400;
const WEEK = LIMITS.run_kept_ms / 1000;
const MONTH = LIMITS.dead_letter_kept_ms / 1000;
const LARGE = "x".repeat(LIMITS.inline_bytes + 1);
const REASON = "it is being removed after its retention";

let project: Project;

beforeEach(async () => {
  project = newProject();
  // Teaches Redis the script, in whose text `retireHalf` would find what it looks for.
  await project.store.retire();
});

/** The Worker dies after it deleted the blobs, before it removed what named them. */
async function retireHalf(): Promise<void> {
  project.upstash.faults.add({ kind: "drop-request", contains: String.raw`\"remove\"`, next: 4 });
  await expect(project.store.retire()).rejects.toThrow(/no answer/);
  project.upstash.faults.clear();
}

async function retireAll(): Promise<void> {
  for (let batch = 1; batch > 0; batch = await project.store.retire()) {
    expect(await project.audit()).toEqual([]);
  }
}

async function left(): Promise<string[]> {
  const { hashes, sets, strings } = await project.dump();
  return [hashes, sets, strings]
    .flatMap((part) => Object.keys(part))
    .filter((key) => key !== "control" && !key.startsWith("operation:"));
}

describe("between the two halves of a step", () => {
  test("a dead letter can be neither retried nor discarded, so that it never runs without its input", async () => {
    const task_id = await project.task({ context: LARGE });
    await project.bury((await project.claim("ada")).lease, "E1");
    project.advance(MONTH);
    await retireHalf();
    expect(await project.record(task_id)).toMatchObject({ status: "failed", retiring: true });
    expect(await project.audit()).toEqual([]);
    for (const action of ["retry", "discard", "promote_late_result", "cancel"] as const) {
      expect(await project.control(action, { task_ids: [task_id] })).toEqual({
        changed: [],
        refused: [{ task_id, reason: REASON }],
      });
    }
    expect(await project.control("retry", { error_code: "E1" })).toMatchObject({ changed: [] });
    expect(
      await project.control("set_priority", { task_ids: [task_id], changes: { priority: 0 } }),
    ).toMatchObject({ refused: [{ task_id, reason: REASON }] });
    await retireAll();
    expect(await left()).toEqual([]);
  });

  test("a late result is not kept, since nobody would delete its blob", async () => {
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    project.advance(61);
    await project.complete((await project.claim("bob")).lease);
    project.advance(WEEK);
    await retireHalf();
    const late = { lease, status: "completed", result: LARGE } as const;
    expect(await project.refusal(submitResult, late)).toMatchObject({ reason: "lease_unknown" });
    await retireAll();
    expect(await left()).toEqual([]);
  });

  test("nothing can be made to depend on it", async () => {
    const task_id = await project.task();
    await project.complete((await project.claim("ada")).lease);
    project.advance(WEEK);
    await retireHalf();
    const next = {
      agent_type: "implementation",
      task_description: "Go on.",
      dependencies: [task_id],
    };
    expect(await project.refusal(createTask, next)).toMatchObject({ reason: "not_found" });
    await retireAll();
    expect(await left()).toEqual([]);
  });

  test("a run that is reopened keeps its other tasks, and the marked one goes", async () => {
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    project.advance(WEEK);
    await retireHalf();
    const joined = await project.task({ run_id: "r1" });
    await retireAll();
    expect(await project.ok(listTasks, {})).toMatchObject({ tasks: [{ task_id: joined }] });
    expect(await project.run("r1")).toMatchObject({ tasks: 2, removed: 1, open: 1 });
    await project.complete((await project.claim("ada")).lease);
    project.advance(2 * WEEK);
    await retireAll();
    expect(await left()).toEqual([]);
  });
});

test("a skipped task that is being removed is not revived when its dead letter is retried", async () => {
  await project.graph({ a: [] });
  await project.graph({ b: ["r1t1"] });
  await project.bury((await project.claim("ada")).lease);
  project.advance(WEEK);
  await retireHalf();
  expect(await project.record("r2t1")).toMatchObject({ status: "skipped", retiring: true });
  expect(await project.control("retry", { task_ids: ["r1t1"] })).toEqual({ changed: ["r1t1"] });
  expect(await project.record("r2t1")).toMatchObject({ status: "skipped", retiring: true });
  await retireAll();
  expect(await project.audit()).toEqual([]);
  await project.complete((await project.claim("ada")).lease);
  expect((await project.run("r1")).status).toBe("completed");
});

test("a mark that Redis lost in between removes nothing", async () => {
  const task_id = await project.task({ context: LARGE });
  await project.complete((await project.claim("ada")).lease);
  project.advance(WEEK);
  const shard = `baton:{${project.name}}:shard:1`;
  const before = (await project.dump()).hashes["shard:1"]?.[task_id] ?? "";
  const { url, token } = project.upstash;
  const store = createStore({
    project: project.name,
    now: project.now,
    transport: {
      ...createTransport({ url, token }),
      // A failover to a replica that is behind.
      unlink: async () => void (await project.redis.call(["HSET", shard, task_id, before])),
    },
  });
  await store.retire();
  expect(await project.record(task_id)).toEqual(JSON.parse(before));
  await retireAll();
  expect(await left()).toEqual([]);
});

describe("with more edges than one step removes", () => {
  beforeEach(async () => {
    await project.task();
    await project.bury((await project.claim("ada")).lease);
    await project.control("discard", { task_ids: ["r1t1"] });
    project.advance(6 * DAY);
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      key: `k${index}`,
      task_description: "Wait.",
      dependencies: ["r1t1"],
    }));
    await project.ok(createWorkflow, { name: "Fan", agent_type: "implementation", tasks });
    project.advance(DAY);
    expect(await project.store.retire()).toBe(1);
  });

  test("it is marked until the last of them is gone, and cannot be retried", async () => {
    expect(await project.record("r1t1")).toMatchObject({ retiring: true });
    expect((await project.dump()).sets["edges"]).toHaveLength(200 - LIMITS.edges_per_call);
    expect(await project.control("retry", { task_ids: ["r1t1"] })).toMatchObject({
      refused: [{ task_id: "r1t1", reason: REASON }],
    });
    project.upstash.stats.reset();
    expect(await project.store.retire()).toBe(1);
    expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(20);
    await retireAll();
    expect((await project.dump()).sets["edges"]).toBeUndefined();
    expect(await project.run("r2")).toMatchObject({ tasks: 200 });
  });

  test("neither audit finds anything wrong with it, nor mends it", async () => {
    expect(await project.audit()).toEqual([]);
    const before = await project.dump();
    let cursor: string | undefined;
    do {
      const page = await project.ok(audit, { ...(cursor !== undefined && { cursor }) });
      expect(page.findings).toEqual([]);
      ({ cursor } = page);
    } while (cursor !== undefined);
    const { hashes, sets } = await project.dump();
    expect({ hashes, sets }).toEqual({ hashes: before.hashes, sets: before.sets });
  });
});
