/** Callbacks that come often, in any order and late: the same end, and no timer more. */
import { describe, expect, test, vi } from "vitest";
import { seededRandom, shuffled } from "../support/shuffle.ts";
import { type Delivered, type TimedServer, useTimedServers } from "../support/timed-server.ts";

vi.spyOn(console, "log").mockImplementation(() => undefined);

const start = useTimedServers();

/** Tasks whose deadlines lie minutes apart, some of which bring further ones about. */
async function work(server: TimedServer): Promise<void> {
  for (let number = 1; number <= 4; number++) {
    const type = `type-${number}`;
    const patient = { options: { retry: { initial_seconds: 20 * number, jitter: "none" } } };
    await server.task(type, patient);
    await server.claim(`agent-${number}`, { agent_type: type, lease_seconds: 60 * number });
    const at = (seconds: number) => new Date(server.now() + seconds * 1000).toISOString();
    const options = { deadline: at(7_300 + 100 * number), start_at: at(300 * number) };
    await server.task(`late-${number}`, { options });
    await server.task(type, patient);
    const lease = await server.claim(`other-${number}`, { agent_type: type });
    await server.ok("submit_result", { lease, status: "failed", error: { message: "no" } });
  }
}

async function outcome(server: TimedServer) {
  const records = Object.values(await server.records());
  return records
    .toSorted((a, b) => (a.task_id < b.task_id ? -1 : 1))
    .map(({ task_id, status, attempt, failures, lost, error_code, attempts }) => ({
      task_id,
      status,
      attempt,
      failures,
      lost,
      error_code,
      outcomes: attempts?.map((past) => past.outcome),
    }));
}

async function again(server: TimedServer, { path, headers, body }: Delivered): Promise<number> {
  return (await server.request(path, { method: "POST", headers, body })).status;
}

async function undisturbed() {
  const server = await start();
  await work(server);
  await server.advance(6 * 3_600);
  return { outcome: await outcome(server), published: server.qstash.stats.published };
}

test("each tick that comes again after the fact changes nothing and arms nothing", async () => {
  const server = await start();
  await work(server);
  await server.advance(6 * 3_600);
  // Tidies up, as it does once an hour.
  await server.store.retire();
  const before = await server.dump();
  const { published } = server.qstash.stats;
  expect(server.delivered.length).toBeGreaterThan(8);
  const repeated = [...server.delivered, ...server.delivered];
  for (const delivery of shuffled(repeated, seededRandom(1))) {
    expect(await again(server, delivery)).toBe(200);
  }
  await server.settled();
  expect(await server.dump()).toEqual(before);
  expect(server.qstash.stats.published).toBe(published);
});

test("an old tick that comes again just before the next one makes no room for a further one", async () => {
  const server = await start();
  const at = (seconds: number) => new Date(server.now() + seconds * 1000).toISOString();
  await server.task("first", { options: { start_at: at(60) } });
  await server.task("second", { options: { start_at: at(120) } });
  await server.advance(90);
  const [old] = server.delivered;
  if (!old) throw new Error("no tick came");
  await server.advance(29.5);
  const { published } = server.qstash.stats;
  await again(server, old);
  await server.settled();
  expect(server.qstash.stats.published).toBe(published);
  await server.advance(10);
  expect(Object.values(await server.records())).toMatchObject([
    { status: "ready" },
    { status: "ready" },
  ]);
});

test("each callback delivered three times in a row costs no message more", async () => {
  const calm = await undisturbed();
  const server = await start();
  server.qstash.faults.add({ kind: "deliver-twice", times: "always" });
  server.qstash.faults.add({ kind: "crash-before-ack", times: "always" });
  await work(server);
  await server.advance(6 * 3_600);
  expect(server.delivered.length).toBe(3 * calm.published);
  expect(await outcome(server)).toEqual(calm.outcome);
  expect(server.qstash.stats.published).toBe(calm.published);
});

describe("each callback delivered three times, out of order and up to an hour late", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("leads to the same end (seed %i)", async (seed) => {
    const calm = await undisturbed();
    const random = seededRandom(seed);
    const server = await start({ qstash: { random } });
    for (const ms of [3_600_000, 1_700_000, 90_000, 20_000]) {
      server.qstash.faults.add({ kind: "deliver-late", ms, chance: 0.4, times: "always" });
    }
    server.qstash.faults.add({ kind: "reorder", size: 3, withinMs: 600_000, times: "always" });
    server.qstash.faults.add({ kind: "deliver-twice", times: "always" });
    server.qstash.faults.add({ kind: "crash-before-ack", times: "always" });
    await work(server);
    for (let hour = 0; hour < 9; hour++) {
      await server.advance(3_600);
      const past = shuffled(server.delivered, random).slice(0, 3);
      for (const delivery of past) expect(await again(server, delivery)).toBe(200);
    }
    expect(await outcome(server)).toEqual(calm.outcome);
    // Late ticks find more due at once, so that there are fewer of them, never more.
    expect(server.qstash.stats.published).toBeLessThanOrEqual(calm.published);
    expect(server.qstash.pending()).toEqual([]);
    expect(await server.audit()).toEqual([]);
  });
});
