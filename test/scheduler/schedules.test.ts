/** Schedules fire by any one of ticks, watchdog and traffic, with the others gone; and each time once. */
import { beforeEach, expect, test, vi } from "vitest";
import { factsOf } from "../support/dump.ts";
import { type TimedServer, useTimedServers } from "../support/timed-server.ts";

vi.spyOn(console, "log").mockImplementation(() => undefined);
vi.spyOn(console, "error").mockImplementation(() => undefined);

const start = useTimedServers();
let server: TimedServer;

beforeEach(async () => {
  server = await start();
});

/** One task each time, of a type that nobody polls for. */
function schedule(cron: Record<string, string>) {
  const tasks = [{ key: "a", task_description: "A" }];
  return server.ok("create_workflow", {
    name: "Each time",
    agent_type: "waiting",
    tasks,
    options: { cron },
  });
}

async function runs(): Promise<number> {
  const facts = factsOf(await server.dump());
  return facts.filter(({ type }) => type === "run.created").length;
}

async function finish(): Promise<void> {
  const lease = await server.claim("ada", { agent_type: "waiting" });
  await server.ok("submit_result", { lease, status: "completed" });
  await server.settled();
}

function withoutTicks(): void {
  server.qstash.faults.add({ kind: "lose-delivery", match: "/qstash/tick", times: "always" });
}

test("ticks alone fire it within seconds of each time, with few messages", async () => {
  await schedule({ schedule: "0 * * * *" });
  for (let hour = 1; hour <= 5; hour++) {
    // Five seconds before the hour, and three seconds after it.
    await server.advance(hour === 1 ? 3_595 : 3_592);
    expect(await runs()).toBe(hour - 1);
    await server.advance(8);
    expect(await runs()).toBe(hour);
    await finish();
  }
  expect(server.qstash.stats.published).toBeLessThanOrEqual(5 * 4);
  expect(await server.audit()).toEqual([]);
});

test("the watchdog alone fires it", async () => {
  withoutTicks();
  await server.watch();
  await schedule({ schedule: "0 * * * *" });
  await server.advance(3_600 + 300);
  expect(await runs()).toBe(1);
  await server.advance(3_600);
  expect(await runs()).toBe(1); // The first run still goes on.
  await finish();
  await server.advance(3_600);
  expect(await runs()).toBe(2);
  expect(await server.audit()).toEqual([]);
});

test("traffic alone fires it", async () => {
  withoutTicks();
  await schedule({ schedule: "0 * * * *" });
  await server.advance(3_700);
  expect(await runs()).toBe(0);
  await server.ok("get_shared_state", { prefix: "x" });
  await server.settled();
  expect(await runs()).toBe(1);
});

test("a schedule further ahead than a message may wait fires on its day", async () => {
  // The clock begins on the 6th of May.
  await schedule({ schedule: "0 12 25 * *" });
  await server.advance(19.5 * 86_400 - 10);
  expect(await runs()).toBe(0);
  await server.advance(15);
  expect(await runs()).toBe(1);
});

test("a tick that is delivered twice, or late, fires once", async () => {
  server.qstash.faults.add({ kind: "deliver-twice", match: "/qstash/tick", times: "always" });
  await schedule({ schedule: "0 * * * *", on_overlap: "queue" });
  await server.advance(3_700);
  expect(await runs()).toBe(1);
  await finish();
  await server.advance(100);
  expect(await runs()).toBe(1);
});

test("a run that waits for the end of the one before is made when that ends, by nothing but that end", async () => {
  withoutTicks();
  await schedule({ schedule: "0 * * * *", on_overlap: "queue" });
  for (const _ of [1, 2]) {
    await server.advance(3_600);
    await server.ok("list_agents", {});
    await server.settled();
  }
  expect(await runs()).toBe(1);
  await finish();
  expect(await runs()).toBe(2);
  expect(await server.audit()).toEqual([]);
});
