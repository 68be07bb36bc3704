/** What becomes of the task of an agent that died, or was thought dead. */
import { beforeEach, describe, expect, test } from "vitest";
import { factsOf } from "../support/dump.ts";
import { startAgentProcess } from "../support/agent-process.ts";
import { useStack } from "../support/stack.ts";
import { type Api, apiOf, dumpOf } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const stack = useStack();
let api: Api;
beforeEach(() => {
  api = apiOf(stack());
});

/** Until its lease has run out, and nobody has taken it yet. */
async function ready(task_id: string): Promise<void> {
  await eventually(async () =>
    expect(await api.ok("get_task_status", { task_id })).toMatchObject({ status: "ready" }),
  );
}

test("the task of a worker that was killed is handed out again after its lease, as attempt 2", async () => {
  const { mcpUrl: url, keys } = stack();
  const victim = await startAgentProcess({
    era: "2026-07-28",
    url,
    key: keys.worker,
    agent_id: "victim",
    agent_type: "deadly",
    submits: false,
    lease_seconds: 1,
  });
  const task_id = await api.task("deadly");
  victim.start();
  expect(await victim.nextLease()).toContain(`${task_id}.1.`);
  await victim.kill();

  const inherited = await api.claim("heir", { agent_type: "deadly", wait_seconds: 20 });

  expect(inherited.lease).toContain(`${task_id}.2.`);
  expect(inherited.fence).toBe("1.2");
  expect(inherited.previous_errors).toEqual(["attempt 1 (victim): its lease ran out"]);
});

describe("a result that comes after its lease", () => {
  test("is refused and kept while somebody else holds the task, for all to see", async () => {
    const task_id = await api.task("slow");
    const old = await api.claim("slow-1", { agent_type: "slow", lease_seconds: 1 });
    const current = await api.claim("slow-2", { agent_type: "slow", wait_seconds: 20 });

    const { status, body } = await api.call("submit_result", {
      lease: old.lease,
      status: "completed",
      result: { by: "slow-1" },
    });

    expect([status, body["reason"]]).toEqual([409, "lease_lost"]);
    expect(body["detail"]).toBe(
      `Another worker has ${task_id} (attempt 2). Your result was kept. Stop; poll_tasks for new work.`,
    );
    const seen = await api.ok("get_task_status", { task_id, detail: "full" });
    expect(JSON.stringify(seen["late_results"])).toContain('{"by":"slow-1"}');
    const { tasks } = await api.ok("list_tasks", { status: "late_result", agent_type: "slow" });
    expect(tasks).toEqual([expect.objectContaining({ task_id, agent_id: "slow-2" })]);
    const submitted = await api.ok("submit_result", { lease: current.lease, status: "completed" });
    expect(submitted).toEqual({ task_id, status: "completed" });
  });

  test("is accepted before anybody else took the task", async () => {
    const task_id = await api.task("late");
    const { lease } = await api.claim("late-1", { agent_type: "late", lease_seconds: 1 });
    await ready(task_id);

    const args = { lease, status: "completed", result: { by: "late-1" } };
    expect(await api.ok("submit_result", args)).toEqual({ task_id, status: "completed" });

    expect(await api.poll("late-2", { agent_type: "late" })).toEqual([]);
    expect(await api.ok("get_task_status", { task_id })).toMatchObject({
      result: { by: "late-1" },
    });
  });
});

test("a heartbeat after the lease takes it again before anybody else does", async () => {
  const task_id = await api.task("drowsy");
  const { lease } = await api.claim("drowsy-1", { agent_type: "drowsy", lease_seconds: 1 });
  await ready(task_id);

  await api.ok("heartbeat", { lease });

  const claims = factsOf(await dumpOf(stack())).filter(
    ({ type, task_id: id }) => type === "task.claimed" && id === task_id,
  );
  expect(claims).toEqual([
    expect.objectContaining({ agent_id: "drowsy-1", attempt: 1 }),
    expect.objectContaining({ agent_id: "drowsy-1", attempt: 1, again: true }),
  ]);
});

test("a task that was handed back goes to somebody else, with the notes about it", async () => {
  const task_id = await api.task("shared-out");
  const { lease } = await api.claim("first", { agent_type: "shared-out" });
  await api.ok("submit_result", { lease, status: "released", result: { tried: "the door" } });

  expect(await api.poll("first")).toEqual([]);
  const next = await api.claim("second", { agent_type: "shared-out" });

  expect(next).toMatchObject({
    lease: expect.stringContaining(`${task_id}.2.`),
    notes: { tried: "the door" },
  });
});
