/** Who is woken by new work: one that may have it, and nobody else. */
import { describe, expect, test, vi } from "vitest";
import { submitResult } from "../../src/operations/submit-result.ts";
import { onEmbeddedEngine, sized } from "../support/engine.ts";
import { type Project, useProjects } from "../support/project.ts";
import { reviewedBy } from "../support/reviews.ts";
import { seeded } from "../support/seeded.ts";
import {
  beginWait,
  leaseOf,
  readyBesideSleepers,
  sleeper,
  sleepersOf,
  sleeping,
} from "../support/sleepers.ts";
import { eventually } from "../support/eventually.ts";

const newProject = useProjects({ clock: "real" });

test("one task wakes one waiter, and the others sleep on", async () => {
  // Redis has the scripts then, and is sent none of them again.
  await newProject().task();
  const project = newProject();
  const waiters = [];
  for (const name of ["ada", "bob", "cyd"]) waiters.push(await sleeper(project, name));
  project.upstash.stats.reset();
  const id = await project.task();
  const first = await Promise.race(waiters.map(({ answer }) => answer));
  expect(leaseOf(first)).toMatch(`${id}.1.`);
  expect(await sleepersOf(project)).toHaveLength(2);
  // The creation, the one claim that it led to, and nothing of the sleepers.
  expect(project.upstash.stats.snapshot()).toMatchObject({ httpRequests: 2 });
  await project.task();
  await project.task();
  const leases = (await Promise.all(waiters.map(({ answer }) => answer))).map(leaseOf);
  expect(new Set(leases).size).toBe(3);
});

describe("among those that wait, the task wakes one that", () => {
  test("has what it requires", async () => {
    const project = newProject();
    const plain = await sleeper(project, "ada");
    const able = await sleeper(project, "bob", { capabilities: ["browser"] });
    const id = await project.task({ options: { requires: ["browser"] } });
    expect(leaseOf(await able.answer)).toMatch(`${id}.1.`);
    expect(await sleepersOf(project)).toEqual(["ada"]);
    await project.task();
    await plain.answer;
  });

  test("is its assignee", async () => {
    const project = newProject();
    const other = await sleeper(project, "ada");
    const assignee = await sleeper(project, "bob");
    await project.task({ options: { assignee: "bob" } });
    await assignee.answer;
    expect(await sleepersOf(project)).toEqual(["ada"]);
    await project.task();
    await other.answer;
  });

  test("did not make what is to be reviewed", async () => {
    const project = newProject();
    await project.task(reviewedBy("implementation"));
    await project.complete((await project.claim("ada")).lease);
    const { lease } = await project.claim("bob");
    const maker = await sleeper(project, "ada");
    const other = await sleeper(project, "zoe");
    await project.ok(submitResult, { lease, status: "released" });
    expect(leaseOf(await other.answer)).toMatch(/^r1t2\.2\./);
    expect(await sleepersOf(project)).toEqual(["ada"]);
    await project.task();
    await maker.answer;
  });

  test("did not hand it back", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const other = await sleeper(project, "zoe");
    await project.ok(submitResult, { lease, status: "released" });
    expect(leaseOf(await other.answer)).toContain(".2.");
  });

  test("still listens: one that has gone is struck off, and the next is called", async () => {
    const project = newProject();
    const gone = new AbortController();
    const left = await sleeper(project, "ada", {}, { signal: gone.signal });
    const there = await sleeper(project, "bob");
    gone.abort();
    await left.answer;
    await eventually(() => expect(project.upstash.streams.count()).toBe(1));
    await project.task();
    expect(leaseOf(await there.answer)).toBeDefined();
    expect(await sleepersOf(project)).toEqual([]);
  });
});

test("whoever was woken for a task and takes another, more urgent one passes the first on", async () => {
  const project = newProject();
  // Ada hears, and takes her time.
  const agent = { agent_id: "ada", agent_type: "implementation", capabilities: ["browser"] };
  const poll = { ...agent, key_id: "key-1", max_tasks: 1, lease_seconds: 0, wait_ms: 30_000 };
  const look = { agent: { ...poll, poll: "wait-1", listens: true }, checks: ["check"] };
  const asleep = await project.store.poll(look);
  if (!("said" in asleep)) throw new Error("ada may not wait");
  const ear = await project.store.subscribe(asleep.said.channel);
  const bob = await sleeper(project, "bob");
  const first = await project.task();
  await ear.heard();
  expect(await sleepersOf(project)).toEqual(["bob"]);
  const urgent = await project.task({ priority: 0, options: { requires: ["browser"] } });
  const taken = await project.store.poll({ ...look, agent: { ...look.agent, continues: true } });
  expect(taken).toMatchObject({ said: { tasks: [{ record: { task_id: urgent } }] } });
  expect(leaseOf(await bob.answer)).toMatch(`${first}.1.`);
  ear.close();
});

test("a task that goes to whoever worked on it first stays that agent's though another one waits", async () => {
  const project = newProject();
  const task_id = await project.task();
  const { lease } = await project.claim("bob");
  await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
  const zoe = await sleeper(project, "zoe");
  project.upstash.stats.reset();
  await project.control("answer", { task_ids: [task_id], text: "This." });
  // She was told, so that she knows when it is hers too, and sleeps again.
  expect(project.upstash.stats.snapshot().inner["PUBLISH"]).toBe(1);
  await sleeping(project, "zoe");
  expect((await project.claim("bob")).lease).toMatch(`${task_id}.2.`);
  await project.task();
  expect(leaseOf(await zoe.answer)).toBeDefined();
});

test("a newer wait of the same agent ends the older, which says so", async () => {
  const project = newProject();
  const older = await sleeper(project, "ada");
  const newer = beginWait(project, "ada");
  expect((await older.answer).next).toMatch(/newer poll_tasks/);
  await sleeping(project, "ada");
  const id = await project.task();
  expect(leaseOf(await newer)).toMatch(`${id}.1.`);
});

const TASKS = sized(1_000, 100);
const WAITERS = sized(50, 20);

test(
  `${WAITERS} waiters get ${TASKS} tasks that come at random moments, each once, and hardly a wake-up is in vain`,
  { timeout: 180_000 },
  async () => {
    const project = newProject();
    const chance = seeded("wake-ups");
    const taken: string[] = [];
    const inVain: unknown[] = [];
    const looks = countLooks(project);
    project.upstash.stats.reset();
    const over = new AbortController();
    const work = async (agent_id: string): Promise<void> => {
      while (!over.signal.aborted) {
        const lease = leaseOf(await beginWait(project, agent_id, { wait_seconds: 5 }));
        if (lease === undefined) continue;
        taken.push(lease.slice(0, lease.indexOf(".")));
        await project.complete(lease);
      }
    };
    const agents = Array.from({ length: WAITERS }, (_, index) => work(`agent-${index}`));
    for (let number = 0; number < TASKS; number++) {
      await project.task();
      if (chance.happens(0.1))
        await new Promise((resolve) => setTimeout(resolve, chance.whole(0, 20)));
      // All of them may have all of it.
      if (number % 20 === 0) inVain.push(await readyBesideSleepers(project));
    }
    await expect.poll(() => taken, { timeout: 150_000, interval: 200 }).toHaveLength(TASKS);
    over.abort();
    await Promise.all(agents);
    expect(new Set(inVain)).toEqual(new Set([null]));
    expect(new Set(taken).size).toBe(TASKS);
    const wakes = project.upstash.stats.snapshot().inner["PUBLISH"] ?? 0;
    expect(wakes).toBeGreaterThan(TASKS / 10);
    // A task is kept for two seconds for whom it woke; the embedded engine, which runs in this process, may take longer.
    expect(looks.useful).toBeGreaterThanOrEqual(onEmbeddedEngine() ? 1 : wakes * 0.95);
  },
);

/** Counts the looks of those that slept which found work. The first two of a wait are no such looks. */
function countLooks({ store }: Project): { useful: number } {
  const looks = { useful: 0 };
  const listening = new Set<string>();
  const poll = store.poll.bind(store);
  vi.spyOn(store, "poll").mockImplementation(async (call) => {
    const { poll: wait = "", listens } = call.agent;
    const wasListening = listening.has(wait);
    if (listens) listening.add(wait);
    const reply = await poll(call);
    if (wasListening && "said" in reply && reply.said.tasks.length > 0) looks.useful++;
    return reply;
  });
  return looks;
}
