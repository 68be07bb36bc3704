import { createServer } from "node:net";
import { expect, test } from "vitest";
import { LOCAL_KEYS, startStack } from "../../infra/local/stack.ts";
import { useStack } from "../support/stack.ts";
import { CAN_SEE_PROCESSES, descendants } from "./support/processes.ts";

const stack = useStack({ redis: "embedded" });

function callTool(key: string, tool: string, args: object): Promise<Response> {
  return fetch(`${stack().baseUrl}/v1/tools/${tool}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(args),
  });
}

test.each(Object.entries(LOCAL_KEYS))("the Worker knows the local %s key", async (_, key) => {
  expect((await callTool(key, "list_tasks", {})).status).toBe(200);
});

test("the Worker refuses any other key", async () => {
  expect((await callTool("btn_local_nobody", "list_tasks", {})).status).toBe(401);
});

test("a killed Worker comes back at the same address with the same data", async () => {
  const { baseUrl, killWorker, restartWorker } = stack();
  const task = { agent_type: "planning", task_description: "Survive" };
  const created = await callTool(LOCAL_KEYS.orchestrator, "create_task", task);
  expect(await created.text()).toContain("task_id");
  await killWorker();
  await expect(fetch(`${baseUrl}/healthz`)).rejects.toThrow("fetch failed");
  await restartWorker();
  const listed = await callTool(LOCAL_KEYS.viewer, "list_tasks", {});
  expect(await listed.text()).toContain("Survive");
});

test("a taken port is left alone: the next free one is used, and that is said", async () => {
  const other = createServer();
  const taken = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => {
      const address = other.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  const remarks: string[] = [];
  const moved = await startStack({
    port: taken,
    redis: "embedded",
    say: (remark) => remarks.push(remark),
  });
  try {
    const port = Number(new URL(moved.baseUrl).port);
    expect(port).toBeGreaterThan(taken);
    expect(remarks).toContain(`Port ${taken} is taken: the Worker listens on ${port}.`);
    expect((await fetch(`${moved.baseUrl}/healthz`)).ok).toBe(true);
  } finally {
    await moved.stop();
    other.close();
  }
});

test("an engine that does not exist is refused, saying which there are", async () => {
  await expect(startStack({ redis: "mongodb", freePorts: true })).rejects.toThrow("embedded");
});

test.skipIf(!CAN_SEE_PROCESSES)("a stopped stack leaves nothing running", async () => {
  const before = new Set(descendants(process.pid));
  const short = await startStack({ freePorts: true, quiet: true });
  const own = () => descendants(process.pid).filter((pid) => !before.has(pid));
  expect(own()).not.toEqual([]);
  await short.stop();
  await expect.poll(own).toEqual([]);
});
