/** Delegation as agents see it, through real MCP clients of both eras with workers' keys. */
import { expect, test } from "vitest";
import { ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { apiOf } from "../support/worker-api.ts";

const stack = useStack();

test.each(ERAS)(
  "over %s a planner hands parts to others, waits, and finishes with what they did",
  async (era) => {
    const key = stack().keys.worker;
    const planner = await openMcpClient({ era, url: stack().mcpUrl, key });
    const coder = await openMcpClient({ era, url: stack().mcpUrl, key });
    const [planning, coding] = [`planning-${era}`, `coding-${era}`];
    const poll = { wait_seconds: 0 };
    const parent = await apiOf(stack()).task(planning);
    const asPlanner = { ...poll, agent_id: `p-${era}`, agent_type: planning };
    const asCoder = { ...poll, agent_id: `c-${era}`, agent_type: coding };
    const first = leaseIn(await planner.call("poll_tasks", asPlanner));

    const tasks = ["left", "right"].map((task_key) => ({
      key: task_key,
      task_description: `Do the ${task_key} half.`,
    }));
    const parts = { name: "Halves", agent_type: coding, lease: first, tasks };
    const made = await planner.call("create_workflow", parts);
    expect(made.content).toMatchObject({ tasks: 2, ready: 2 });
    const early = await planner.call("submit_result", { lease: first, status: "completed" });
    expect([early.isError, early.content["reason"]]).toEqual([true, "children_open"]);
    const waits = await planner.call("submit_result", { lease: first, status: "waiting" });
    expect(waits.content).toMatchObject({ task_id: parent, status: "suspended" });

    for (const half of [1, 2]) {
      const lease = leaseIn(await coder.call("poll_tasks", asCoder));
      const done = { lease, status: "completed", result: { half } };
      expect((await coder.call("submit_result", done)).isError).toBe(false);
    }
    const again = await planner.call("poll_tasks", asPlanner);
    expect(again.content["tasks"]).toMatchObject([
      {
        children: [
          { title: "Do the left half.", status: "completed", result: { half: 1 } },
          { title: "Do the right half.", status: "completed", result: { half: 2 } },
        ],
      },
    ]);
    const done = { lease: leaseIn(again), status: "completed", result: "whole" };
    expect((await planner.call("submit_result", done)).content).toMatchObject({
      status: "completed",
    });
  },
);

function leaseIn({ content }: { content: Readonly<Record<string, unknown>> }): string {
  const [task] = content["tasks"] as readonly { readonly lease: string }[];
  if (!task) throw new Error("nothing was handed out");
  return task.lease;
}
