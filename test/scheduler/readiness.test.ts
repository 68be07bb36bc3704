/** What /readyz says, and what it says it about. */
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { type TimedServer, useTimedServers } from "../support/timed-server.ts";

const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
vi.spyOn(console, "error").mockImplementation(() => undefined);

const start = useTimedServers();

async function readyz(server: TimedServer) {
  const response = await server.request("/readyz");
  const body: unknown = await response.json();
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(body) };
}

test("says that all is well, and how far behind the timers are", async () => {
  const server = await start();
  expect(await readyz(server)).toEqual({
    status: 200,
    body: {
      status: "ready",
      redis: { ok: true },
      qstash: { ok: true },
      health: { overdue_ms: 0, tick_late_ms: 0, tick_unsent: false, failed_callbacks: 0 },
    },
  });
});

test("says that it is Redis that is in trouble, with 503", async () => {
  const server = await start();
  server.front.upstash.faults.add({ kind: "drop-request" });
  expect(await readyz(server)).toEqual({
    status: 503,
    body: expect.objectContaining({
      reason: "unavailable",
      detail: expect.stringContaining("Redis did not answer"),
      redis: { ok: false, message: expect.stringContaining("Redis") },
      qstash: { ok: true },
    }),
  });
});

test("says that it is QStash that is in trouble, and goes on serving", async () => {
  const server = await start();
  await server.qstash.stop();
  expect(await readyz(server)).toEqual({
    status: 200,
    body: expect.objectContaining({
      status: "degraded",
      redis: { ok: true },
      qstash: { ok: false, message: expect.stringContaining("QStash did not answer") },
    }),
  });
});

test("shows the lag of the sweep while nobody handles what is due", async () => {
  const server = await start();
  server.qstash.faults.add({ kind: "lose-delivery", times: "always" });
  await server.task("leased");
  await server.claim("gone", { agent_type: "leased", lease_seconds: 60 });
  await server.advance(100);
  const { body } = await readyz(server);
  expect(body["health"]).toMatchObject({ overdue_ms: 40_000, tick_late_ms: 40_000 });
  // Looking changes nothing.
  expect((await readyz(server)).body["health"]).toMatchObject({ overdue_ms: 40_000 });
});

test("takes no renewed lease for lag", async () => {
  const server = await start();
  server.qstash.faults.add({ kind: "lose-delivery", times: "always" });
  await server.task("leased");
  const lease = await server.claim("alive", { agent_type: "leased", lease_seconds: 60 });
  await server.advance(50);
  await server.ok("heartbeat", { lease });
  await server.advance(20);
  expect((await readyz(server)).body["health"]).toMatchObject({ overdue_ms: 0 });
});

test("counts each callback that QStash gave up once, however often it is told", async () => {
  const server = await start();
  server.qstash.faults.add({ kind: "deliver-twice", times: "always" });
  server.front.upstash.faults.add({ kind: "answer", status: 500, contains: server.project });
  const { project } = server;
  await server.scheduler.sendTick({ project, wait_ms: 0, generation: 1 });
  // Its four attempts fail within 7 s, and the failure callback's first ones too.
  await server.advance(10);
  server.front.upstash.faults.clear();
  await server.advance(60);
  expect(server.delivered.filter(({ path }) => path === "/qstash/failed").length).toBeGreaterThan(
    1,
  );
  const { body } = await readyz(server);
  expect(body["health"]).toMatchObject({ failed_callbacks: 1 });
  expect(await server.deployment.failures(10)).toMatchObject({
    count: 1,
    last: [{ failure: { path: "/qstash/tick", status: 500, project } }],
  });
  const failed = logged.mock.calls
    .map(([line]): Record<string, unknown> => JSON.parse(String(line)))
    .filter(({ event }) => event === "scheduler.failed");
  expect(failed).toEqual([expect.objectContaining({ callback: "/qstash/tick", project })]);
});

test("a tick that QStash gave up is made up for when it says so", async () => {
  const server = await start();
  await server.task("leased");
  await server.claim("gone", { agent_type: "leased", lease_seconds: 60 });
  await server.advance(50);
  server.front.upstash.faults.add({ kind: "answer", status: 500, contains: server.project });
  await server.advance(20);
  server.front.upstash.faults.clear();
  await server.advance(60);
  expect(Object.values(await server.records())).toMatchObject([{ status: "ready" }]);
});

test("only the last hundred failed callbacks are kept, and all are counted", async () => {
  const { deployment } = await start();
  for (let number = 0; number < 120; number++) {
    const failure = { message_id: `msg_${number}`, path: "/qstash/tick", status: 500 };
    expect(await deployment.noteFailure(failure)).toBe(true);
  }
  const { count, last } = await deployment.failures(200);
  expect([count, last.length]).toEqual([120, 100]);
});

test("the watchdog visits projects in rotation, those first that it saw longest ago", async () => {
  const { deployment, advance } = await start();
  const all = Array.from({ length: 120 }, (_, index) => `project-${index}`);
  const visited: string[] = [];
  for (let round = 0; round < 3; round++) {
    const seen = await deployment.visit(all);
    expect(seen.length).toBeLessThanOrEqual(50);
    visited.push(...seen);
    await advance(300);
  }
  expect(new Set(visited)).toEqual(new Set(all));
});
