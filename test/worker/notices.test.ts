/** A busy worker hears over MCP what its orchestrator has to say, and may ask. */
import { describe, expect, test } from "vitest";
import { type Answer, ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { apiOf } from "../support/worker-api.ts";

const stack = useStack();

describe.each(ERAS)("over MCP of %s", (era) => {
  const agent_id = `busy-${era}`;
  const agent_type = `type-${era}`;
  const connect = (role: "worker" | "orchestrator") =>
    openMcpClient({ era, url: stack().mcpUrl, key: stack().keys[role] });

  /** A task that the worker holds. */
  async function held() {
    const [worker, boss] = await Promise.all([connect("worker"), connect("orchestrator")]);
    const task = { agent_type, task_description: "Do it." };
    const task_id = String((await boss.call("create_task", task)).content["task_id"]);
    const poll = (more: object = {}): Promise<Answer> =>
      worker.call("poll_tasks", { agent_id, agent_type, wait_seconds: 0, ...more });
    const { content } = await poll();
    const [given] = content["tasks"] as { lease: string }[];
    return { worker, boss, task_id, lease: given?.lease ?? "", poll };
  }

  test("a message reaches the worker with its heartbeat, and a cancel tells it to stop", async () => {
    const { worker, boss, task_id, lease, poll } = await held();
    await boss.call("control_task", { action: "message", task_ids: [task_id], text: "Use tabs." });
    const beat = await worker.call("heartbeat", { lease, progress: 10 });
    expect(beat.content["notices"]).toEqual([`Message on ${task_id}: Use tabs.`]);

    await boss.call("control_task", { action: "cancel", task_ids: [task_id] });
    const stop = `${task_id} was cancelled: stop, leave your files in a clean state, submit nothing.`;
    expect((await poll({ max_tasks: 0 })).content).toMatchObject({ agent_id, notices: [stop] });
    const refused = await worker.call("heartbeat", { lease });
    expect(refused).toMatchObject({
      isError: true,
      content: { reason: "cancelled", message: stop },
    });
  });

  test("a question is answered, and the answer comes with the task", async () => {
    const { worker, boss, task_id, lease, poll } = await held();
    const question = "Which database?";
    const asked = await worker.call("submit_result", { lease, status: "needs_input", question });
    expect(asked.content).toMatchObject({ task_id, status: "suspended" });
    const listed = await boss.call("list_tasks", { status: "needs_input" });
    expect(listed.content["tasks"]).toMatchObject([{ task_id, question }]);
    const answer = { action: "answer", task_ids: [task_id], text: "Postgres." };
    expect((await boss.call("control_task", answer)).content).toMatchObject({ changed: [task_id] });
    const { content } = await poll();
    expect(content["tasks"]).toMatchObject([{ answers: [{ question, answer: "Postgres." }] }]);
    const [next] = content["tasks"] as { lease: string }[];
    await worker.call("submit_result", { lease: next?.lease, status: "completed" });
  });

  test("a failure without its error is refused, and the task is still held", async () => {
    const { worker, lease } = await held();
    const { isError, content } = await worker.call("submit_result", { lease, status: "failed" });
    expect([isError, content["reason"]]).toEqual([true, "invalid"]);
    expect(content["message"]).toContain("You still hold the task");
    await worker.call("submit_result", { lease, status: "completed" });
  });
});

test("REST has the same: a hook of a client is told to stop", async () => {
  const api = apiOf(stack());
  const task_id = await api.task("hooked");
  await api.claim("hooked-1", { agent_type: "hooked" });
  await api.ok("control_task", { action: "cancel", task_ids: [task_id] });
  const response = await fetch(`${stack().baseUrl}/v1/agents/hooked-1/alive`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack().keys.orchestrator}` },
  });
  expect(await response.json()).toEqual({
    agent_id: "hooked-1",
    notices: [expect.stringContaining(`${task_id} was cancelled: stop`)],
  });
});
