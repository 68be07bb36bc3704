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

async function claim(
  baton: Baton,
  agent_id: string,
  { agent_type = "lease", wait_seconds = 0 }: { agent_type?: string; wait_seconds?: number } = {},
) {
  const reply = await baton.call("poll_tasks", {
    agent_id,
    agent_type,
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
  await baton.call("create_task", { agent_type: "lease", task_description: "Hold me" });
  const handed = await claim(baton, "silent");
  const keeper = keepLease({ baton, handed, beating: false, onProgress: () => undefined });
  const taken = await claim(baton, "next", { wait_seconds: 2 * LEASE_SECONDS });
  expect(taken.lease).toMatch(/\.2\./);
  await keeper.progress(50, "Still here");
  expect(keeper.signal.aborted).toBe(true);
  await keeper.end();
});

test("a run is waited for to its end, and a result of any length is read whole", async () => {
  const baton = await connect("reader");
  const orders = ordersThrough(baton);
  const task = { agent_type: "long", task_description: "Long", context: {} };
  const run_id = await orders.workflow("long", [
    { ...task, key: "first" },
    { ...task, key: "second", dependencies: ["first"] },
  ]);
  const ended = orders.ended(run_id, () => undefined);
  const first = await claim(baton, "worker", { agent_type: "long" });
  expect(first.lease).toContain(`${run_id}t1.`);
  const result = { long: "0123456789".repeat(10_000) };
  const submit = { lease: first.lease, status: "completed", result, poll_next: true };
  const reply = await baton.call("submit_result", submit);
  const [second] = handedTask.array().parse(reply.ok && reply.value["next"]);
  const error = { message: "Out of paper", category: "permission" };
  await baton.call("submit_result", { lease: second?.lease, status: "failed", error });
  await ended;
  expect(await orders.result(`${run_id}t1`)).toEqual(result);
  await expect(orders.result(`${run_id}t2`)).rejects.toThrow("Out of paper");
});
