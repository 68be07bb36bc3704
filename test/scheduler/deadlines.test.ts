/** Every deadline is met by any one of ticks, watchdog and traffic, with the others gone. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type TimedServer, useTimedServers } from "../support/timed-server.ts";

vi.spyOn(console, "log").mockImplementation(() => undefined);
vi.spyOn(console, "error").mockImplementation(() => undefined);

const start = useTimedServers();
let server: TimedServer;

/** Makes one deadline of each kind, all within the next two minutes, and then leaves everything alone. */
async function setDeadlines() {
  const at = (seconds: number): string => new Date(server.now() + seconds * 1000).toISOString();
  const lost = await server.task("leased");
  await server.claim("gone", { agent_type: "leased", lease_seconds: 60 });
  const failing = await server.task("failing", {
    options: { retry: { initial_seconds: 30, jitter: "none" } },
  });
  const lease = await server.claim("failing-1", { agent_type: "failing" });
  await server.ok("submit_result", { lease, status: "failed", error: { message: "no luck" } });
  const postponed = await server.task("postponed", { options: { start_at: at(45) } });
  const overdue = await server.task("overdue", { options: { deadline: at(75) } });
  const unclaimed = await server.task("unclaimed", { options: { start_within_seconds: 90 } });
  await openBreaker("breaking");
  return { lost, failing, postponed, overdue, unclaimed };
}

type Deadlines = Awaited<ReturnType<typeof setDeadlines>>;

async function openBreaker(agent_type: string): Promise<void> {
  for (let number = 0; number < 5; number++) {
    await server.task(agent_type, { options: { retry: { max_attempts: 1 } } });
    const lease = await server.claim(`${agent_type}-1`, { agent_type });
    await server.ok("submit_result", { lease, status: "failed", error: { message: "broken" } });
  }
}

async function timersLeft(): Promise<string[]> {
  const line = (await server.dump()).sets["line"] ?? [];
  return line.flatMap(([member, score]) => (score < 0 ? [member] : []));
}

/** Read past the server: looking must not be what makes it happen. */
async function look({ lost, failing, postponed, overdue, unclaimed }: Deadlines) {
  const records = await server.records();
  const { overdue_ms } = await server.store.health();
  return {
    lost: [records[lost]?.status, records[lost]?.attempts?.map(({ outcome }) => outcome)],
    failing: [records[failing]?.status, records[failing]?.failures],
    postponed: records[postponed]?.status,
    overdue: [records[overdue]?.status, records[overdue]?.error_code],
    unclaimed: [records[unclaimed]?.status, records[unclaimed]?.error_code],
    timers: await timersLeft(),
    behind: overdue_ms > 0,
    faults: await server.audit(),
  };
}

const ALL_MET = {
  lost: ["ready", ["expired"]],
  failing: ["ready", 1],
  postponed: "ready",
  overdue: ["failed", "deadline"],
  unclaimed: ["failed", "start_timeout"],
  timers: [],
  behind: false,
  faults: [],
};

const NONE_MET = {
  lost: ["running", undefined],
  failing: ["scheduled", 1],
  postponed: "scheduled",
  overdue: ["ready", undefined],
  unclaimed: ["ready", undefined],
  timers: expect.arrayContaining(["breaker:type:breaking"]),
  behind: true,
};

beforeEach(async () => {
  server = await start();
  // Nobody hears a published message in any of these.
  server.front.upstash.faults.add({ kind: "drop-message" });
});

describe("without any tick", () => {
  beforeEach(() => {
    server.qstash.faults.add({ kind: "lose-delivery", match: "/qstash/tick", times: "always" });
  });

  test("the watchdog alone makes every deadline happen", async () => {
    await server.watch();
    const deadlines = await setDeadlines();
    await server.advance(120);
    expect(await look(deadlines)).toMatchObject(NONE_MET);
    await server.advance(300);
    expect(await look(deadlines)).toEqual(ALL_MET);
  });

  test("and without a watchdog, traffic alone does", async () => {
    const deadlines = await setDeadlines();
    await server.advance(3_600);
    expect(await look(deadlines)).toMatchObject(NONE_MET);
    // Somebody who has nothing to do with any of it.
    await server.ok("list_agents", {});
    await server.ok("get_shared_state", { prefix: "x" });
    expect(await look(deadlines)).toEqual(ALL_MET);
  });
});

test("without a watchdog, ticks alone make every deadline happen, each within seconds", async () => {
  const deadlines = await setDeadlines();
  await server.advance(40);
  expect((await server.records())[deadlines.failing]).toMatchObject({ status: "ready" });
  await server.advance(10);
  expect((await server.records())[deadlines.postponed]).toMatchObject({ status: "ready" });
  await server.advance(50);
  expect(await look(deadlines)).toEqual(ALL_MET);
  expect(server.qstash.pending()).toEqual([]);
});

test.each([-30, -6, -2, -1, 1, 2, 6, 30])(
  "and so they do where QStash's clock is %i s ahead of Redis'",
  async (behind_seconds) => {
    server = await start({ behind_seconds });
    const deadlines = await setDeadlines();
    await server.advance(40);
    expect((await server.records())[deadlines.failing]).toMatchObject({ status: "ready" });
    await server.advance(60);
    expect(await look(deadlines)).toEqual(ALL_MET);
    expect(server.qstash.pending()).toEqual([]);
    expect(server.qstash.stats.published).toBeLessThanOrEqual(8);
  },
);

test("after a tick that was lost, the first call half a minute later arms the next one", async () => {
  const at = (seconds: number) => new Date(server.now() + seconds * 1000).toISOString();
  await server.task("first", { options: { start_at: at(60) } });
  const task_id = await server.task("second", { options: { start_at: at(600) } });
  server.qstash.faults.add({ kind: "lose-delivery", match: "/qstash/tick" });
  await server.advance(80);
  await server.ok("list_agents", {});
  expect(server.qstash.pending()).toEqual([]);
  await server.advance(20);
  await server.ok("list_agents", {});
  expect(server.qstash.stats.published).toBe(2);
  await server.advance(510);
  expect((await server.records())[task_id]).toMatchObject({ status: "ready" });
});

test("a breaker's pause that is over lets one probe through, whoever noticed that it was over", async () => {
  await openBreaker("breaking");
  const task_id = await server.task("breaking");
  const poll = { agent_id: "breaking-2", agent_type: "breaking", wait_seconds: 0 };
  expect(await server.ok("poll_tasks", poll)).toMatchObject({ timed_out: true });
  await server.advance(70);
  expect(await timersLeft()).toEqual([]);
  expect(await server.claim("breaking-2")).toContain(`${task_id}.1.`);
});

test("a project whose publishes fail is seen to by the watchdog, which also sends the tick again", async () => {
  await server.watch();
  const clear = server.qstash.faults.add({ kind: "refuse-publish", status: 412, times: "always" });
  await server.task("postponed", {
    options: { start_at: new Date(server.now() + 3_600_000).toISOString() },
  });
  await server.settled();
  expect(await server.store.health()).toMatchObject({ tick_unsent: true });
  clear();
  await server.advance(300);
  expect(await server.store.health()).toMatchObject({ tick_unsent: false });
  const ticks = () => server.delivered.filter(({ path }) => path === "/qstash/tick").length;
  await server.advance(3_200);
  expect(ticks()).toBe(0);
  await server.advance(150);
  expect(ticks()).toBe(1);
});
