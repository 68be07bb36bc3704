import { expect, test } from "vitest";
import { connectBaton, type Baton } from "../../infra/demo/agents/baton-client.ts";
import { keepLease } from "../../infra/demo/agents/lease-keeper.ts";
import type { AgentSetup } from "../../infra/demo/agents/messages.ts";
import { ordersThrough } from "../../infra/demo/agents/orders.ts";
import { handedTask } from "../../infra/demo/agents/do-task.ts";
import { useStack } from "../support/stack.ts";

const LEASE_SECONDS = 5;
const stack = useStack({ redis: "embedded" });

function connect(agent_id: string, era: AgentSetup["era"] = "2026-07-28"): Promise<Baton> {
  const { mcpUrl, keys } = stack();
  return connectBaton({ agent_id, mcp_url: mcpUrl, key: keys.orchestrator, era }, () => undefined);
}

async function claim(baton: Baton, agent_id: string, wait_seconds = 0) {
  const reply = await baton.call("poll_tasks", {
    agent_id,
    agent_type: "lease",
    lease_seconds: LEASE_SECONDS,
    wait_seconds,
  });
  if (!reply.ok) throw new Error(reply.message);
  const [task] = handedTask.array().parse(reply.value["tasks"]);
  if (!task) throw new Error("No task came");
  return task;
}

test.each(["2025-11-25", "2026-07-28"] as const)(
  "a client of %s gets tools, values and refusals alike",
  async (era) => {
    const baton = await connect(`client-${era}`, era);
    expect(baton.protocol).toBe(era);
    expect(baton.toolNames).toContain("submit_result");
    expect(await baton.call("list_agents", {})).toMatchObject({ ok: true });
    expect(await baton.call("get_task_status", { task_id: "r999t9" })).toEqual({
      ok: false,
      reason: "not_found",
      message: expect.stringContaining("r999t9"),
    });
  },
);

test("rides out a restart of the Worker", async () => {
  const baton = await connect("patient");
  await stack().killWorker();
  const [reply] = await Promise.all([baton.call("list_agents", {}), stack().restartWorker()]);
  expect(reply.ok).toBe(true);
});

test("an agent that was silent past its lease learns from its next heartbeat that the task is gone", async () => {
  const baton = await connect("keeper");
  const orders = ordersThrough(baton, LEASE_SECONDS);
  await orders.task({ agent_type: "lease", task_description: "Hold me", context: {} });
  const handed = await claim(baton, "silent");
  const keeper = keepLease({ baton, handed, beating: false, onProgress: () => undefined });
  const taken = await claim(baton, "next", 2 * LEASE_SECONDS);
  expect(taken.lease).toMatch(/\.2\./);
  await keeper.progress(50, "Still here");
  expect(keeper.signal.aborted).toBe(true);
  await keeper.end();
});

test("a workflow's tasks are found by their keys, and a result of any length is read whole", async () => {
  const baton = await connect("reader");
  const orders = ordersThrough(baton, LEASE_SECONDS);
  const task = { agent_type: "lease", task_description: "Long", context: {} };
  const workflow = await orders.workflow("long", [
    { ...task, key: "first" },
    { ...task, key: "second", dependencies: ["first"] },
  ]);
  const first = await claim(baton, "worker");
  expect(first.lease).toContain(`${workflow.taskId("first")}.`);
  const result = { long: "0123456789".repeat(10_000) };
  const submit = { lease: first.lease, status: "completed", result, poll_next: true };
  const reply = await baton.call("submit_result", submit);
  const [second] = handedTask.array().parse(reply.ok && reply.value["next"]);
  expect(await orders.result(workflow.taskId("first"))).toEqual(result);

  const error = { message: "Out of paper", category: "permission" };
  await baton.call("submit_result", { lease: second?.lease, status: "failed", error });
  await orders.ended(workflow);
  await expect(orders.result(workflow.taskId("second"))).rejects.toThrow("Out of paper");
});
