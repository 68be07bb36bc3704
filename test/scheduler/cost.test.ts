/** How many messages and commands the timers cost. */
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { onEmbeddedEngine } from "../support/engine.ts";
import { useTimedServers } from "../support/timed-server.ts";

vi.spyOn(console, "log").mockImplementation(() => undefined);

const start = useTimedServers();
const given = z.looseObject({ tasks: z.array(z.looseObject({ lease: z.string() })).length(1) });

test.skipIf(onEmbeddedEngine())(
  "1,000 tasks of a minute each, with heartbeats each 20 s, cost at most 50 messages, the watchdog's among them",
  async () => {
    const server = await start();
    await server.watch();
    const agents = Array.from({ length: 50 }, (_, index) => `runner-${index}`);
    const tasks = Array.from({ length: 100 }, (_, index) => ({
      key: `task-${index}`,
      task_description: "Work for a minute.",
    }));
    for (let batch = 0; batch < 10; batch++) {
      await server.ok("create_workflow", { name: "Batch", agent_type: "worker", tasks });
    }
    for (let round = 0; round < 20; round++) {
      const leases = [];
      for (const agent_id of agents) {
        const poll = { agent_id, agent_type: "worker", wait_seconds: 0, lease_seconds: 60 };
        leases.push(given.parse(await server.ok("poll_tasks", poll)).tasks[0]?.lease);
        // Nobody starts at the same moment as the others.
        await server.advance(0.2);
      }
      for (let beat = 0; beat < 2; beat++) {
        await server.advance(20);
        for (const lease of leases) await server.ok("heartbeat", { lease, progress: beat * 50 });
      }
      await server.advance(20);
      for (const lease of leases) await server.ok("submit_result", { lease, status: "completed" });
    }
    const records = Object.values(await server.records());
    expect(records.filter(({ status }) => status === "completed")).toHaveLength(1_000);
    expect(records.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(server.qstash.stats.billed).toBeLessThanOrEqual(50);
  },
);

test("deadlines each second cost a message each five seconds, not one each", async () => {
  const server = await start();
  for (let second = 1; second <= 120; second++) {
    const start_at = new Date(server.now() + second * 1000).toISOString();
    await server.task("spread", { options: { start_at } });
  }
  await server.advance(130);
  const records = Object.values(await server.records());
  expect(records.filter(({ status }) => status === "ready")).toHaveLength(120);
  expect(server.qstash.stats.published).toBeLessThanOrEqual(25);
});

test("a backlog of 1,500 deadlines at once is gone after a few ticks, each bounded", async () => {
  const server = await start();
  const start_at = new Date(server.now() + 60_000).toISOString();
  const tasks = Array.from({ length: 150 }, (_, index) => ({
    key: `task-${index}`,
    task_description: "Begin with the others.",
    options: { start_at },
  }));
  for (let batch = 0; batch < 10; batch++) {
    await server.ok("create_workflow", { name: "Batch", agent_type: "worker", tasks });
  }
  await server.advance(70);
  const records = Object.values(await server.records());
  expect(records.filter(({ status }) => status === "ready")).toHaveLength(1_500);
  expect(server.qstash.stats.published).toBeLessThanOrEqual(3);
});

test("an idle project has no tick", async () => {
  const server = await start();
  await server.task("quick");
  const lease = await server.claim("quick-1", { agent_type: "quick" });
  await server.ok("submit_result", { lease, status: "completed" });
  await server.advance(7 * 86_400);
  expect(server.qstash.stats.published).toBeLessThanOrEqual(1);
  expect(server.qstash.pending()).toEqual([]);
});

test("an idle project costs no command at all, and a visit of the watchdog ten", async () => {
  const server = await start();
  await server.task("quick");
  const lease = await server.claim("quick-1", { agent_type: "quick" });
  await server.ok("submit_result", { lease, status: "completed" });
  await server.advance(2 * 3_600);
  const { stats } = server.front.upstash;
  stats.reset();
  await server.advance(86_400);
  expect(stats.snapshot()).toMatchObject({ httpRequests: 0, billed: 0 });
  await server.watch();
  // The first visit sends the scripts along.
  await server.advance(600);
  stats.reset();
  const before = server.delivered.length;
  await server.advance(3_600);
  expect(server.delivered.length - before).toBe(12);
  // The visit, the look, retention, and once an hour what else it forgets; three more each where Redis is asked for the
  // time, which here is the test's.
  expect(stats.snapshot().billed).toBeLessThanOrEqual(12 * 10 + 4);
});

test("what is due in a year is reached in hops of six days, as far as the free plan delays a message", async () => {
  const server = await start();
  const deadline = new Date(server.now() + 20 * 86_400_000).toISOString();
  const task_id = await server.task("patient", { options: { deadline } });
  await server.advance(21 * 86_400);
  expect((await server.records())[task_id]).toMatchObject({ status: "failed" });
  expect(server.qstash.stats.published).toBe(4);
});

test("a tick with nothing due takes a handful of commands", async () => {
  const server = await start();
  const lease = await claimOne();
  await server.advance(30);
  await server.ok("heartbeat", { lease });
  server.front.upstash.stats.reset();
  await server.advance(40);
  const { httpRequests, billed } = server.front.upstash.stats.snapshot();
  expect(server.delivered).toHaveLength(1);
  // The look, retention, and the note that the next tick was sent.
  expect(httpRequests).toBe(3);
  expect(billed).toBeLessThanOrEqual(16);

  async function claimOne(): Promise<string> {
    await server.task("beating");
    return server.claim("beating-1", { agent_type: "beating", lease_seconds: 60 });
  }
});
