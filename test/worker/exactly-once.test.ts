/** Agents that poll at the same time never get the same task. */
import { expect, test } from "vitest";
import { type AgentProcess, startAgentProcess } from "../support/agent-process.ts";
import { audit } from "../support/audit.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, dumpOf } from "../support/worker-api.ts";

const stack = useStack();

async function leasesOf({ nextLease }: AgentProcess): Promise<string[]> {
  const leases: string[] = [];
  for (let lease = await nextLease(); lease; lease = await nextLease()) leases.push(lease);
  return leases;
}

test("two agents, each a process with its own MCP client, share 500 tasks without getting one twice", async () => {
  const { ok } = apiOf(stack());
  const created = [200, 200, 100].map((size, run) =>
    ok("create_workflow", {
      name: `Batch ${run}`,
      agent_type: "sharing",
      tasks: Array.from({ length: size }, (_, n) => ({
        key: `t${n}`,
        task_description: `Do ${n}`,
      })),
    }),
  );
  await Promise.all(created);
  const { mcpUrl: url, keys } = stack();
  const agents = await Promise.all(
    (["2025-11-25", "2026-07-28"] as const).map((era) =>
      startAgentProcess({
        era,
        url,
        key: keys.worker,
        agent_id: `sharer-of-${era}`,
        agent_type: "sharing",
        submits: true,
      }),
    ),
  );

  for (const { start } of agents) start();
  const [some, others] = await Promise.all(agents.map(leasesOf));

  const tasks = [...(some ?? []), ...(others ?? [])].map((lease) => lease.split(".")[0]);
  expect(tasks).toHaveLength(500);
  expect(new Set(tasks).size).toBe(500);
  expect(some).not.toHaveLength(0);
  expect(others).not.toHaveLength(0);
  expect(audit(await dumpOf(stack()))).toEqual([]);
});

test("forty agents that poll at one moment for thirty tasks get thirty different ones", async () => {
  const { ok, poll } = apiOf(stack());
  await ok("create_workflow", {
    name: "Few",
    agent_type: "crowd",
    tasks: Array.from({ length: 30 }, (_, n) => ({ key: `t${n}`, task_description: `Do ${n}` })),
  });

  const got = await Promise.all(
    Array.from({ length: 40 }, (_, n) => poll(`crowd-${n}`, { agent_type: "crowd" })),
  );

  const leases = got.flat().map(({ lease }) => lease);
  expect(leases).toHaveLength(30);
  expect(new Set(leases.map((lease) => lease.split(".")[0])).size).toBe(30);
});

test("one agent that polls ten times at one moment gets one task, with the same lease each time", async () => {
  const { ok, poll } = apiOf(stack());
  await ok("create_workflow", {
    name: "Plenty",
    agent_type: "hasty",
    tasks: Array.from({ length: 20 }, (_, n) => ({ key: `t${n}`, task_description: `Do ${n}` })),
  });

  const got = await Promise.all(
    Array.from({ length: 10 }, () => poll("hasty", { agent_type: "hasty" })),
  );

  expect(new Set(got.flat().map(({ lease }) => lease)).size).toBe(1);
});
