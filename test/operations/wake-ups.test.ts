/** Who is woken by new work: one that may have it, and nobody else. */
import { describe, expect, test, vi } from "vitest";
import { textOf } from "../../infra/local/redis/resp.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { sized } from "../support/engine.ts";
import { type Project, useProjects } from "../support/project.ts";
import { seeded } from "../support/seeded.ts";

const newProject = useProjects({ clock: "real" });

type Reply = Awaited<ReturnType<typeof begin>>;

/** Begins a wait; resolves once the agent is noted among those that may be woken. */
async function waiter(project: Project, agent_id: string, more: object = {}) {
  const answer = begin(project, agent_id, more);
  await listening(project, agent_id);
  return { answer };
}

function begin(project: Project, agent_id: string, more: object = {}) {
  return project.ok(pollTasks, {
    agent_id,
    agent_type: "implementation",
    wait_seconds: 30,
    ...more,
  });
}

async function listening(project: Project, ...agents: string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const waiting = await waitingAgents(project);
      for (const agent of agents) expect(waiting).toContain(agent);
    },
    { timeout: 20_000, interval: 20 },
  );
}

async function waitingAgents(project: Project): Promise<string[]> {
  const reply = await project.redis.call(["ZRANGE", `baton:{${project.name}}:waiting`, "0", "-1"]);
  if (!Array.isArray(reply)) throw new Error("no list of those that wait");
  return reply.flatMap((member) => (Array.isArray(member) ? [] : textOf(member).slice(40)));
}

function leaseOf({ tasks = [] }: Reply): string | undefined {
  return tasks[0]?.lease;
}

test("one task wakes one waiter, and the others sleep on", async () => {
  // Redis has the scripts then, and is sent none of them again.
  await newProject().task();
  const project = newProject();
  const waiters = [];
  for (const name of ["ada", "bob", "cyd"]) waiters.push(await waiter(project, name));
  project.upstash.stats.reset();
  const id = await project.task();
  const first = await Promise.race(waiters.map(({ answer }) => answer));
  expect(leaseOf(first)).toMatch(`${id}.1.`);
  expect(await waitingAgents(project)).toHaveLength(2);
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
    const plain = await waiter(project, "ada");
    const able = await waiter(project, "bob", { capabilities: ["browser"] });
    const id = await project.task({ options: { requires: ["browser"] } });
    expect(leaseOf(await able.answer)).toMatch(`${id}.1.`);
    expect(await waitingAgents(project)).toEqual(["ada"]);
    await project.task();
    await plain.answer;
  });

  test("is its assignee", async () => {
    const project = newProject();
    const other = await waiter(project, "ada");
    const assignee = await waiter(project, "bob");
    await project.task({ options: { assignee: "bob" } });
    await assignee.answer;
    expect(await waitingAgents(project)).toEqual(["ada"]);
    await project.task();
    await other.answer;
  });

  test("did not hand it back", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const other = await waiter(project, "zoe");
    await project.ok(submitResult, { lease, status: "released" });
    expect(leaseOf(await other.answer)).toContain(".2.");
  });

  test("still listens: one that has gone is struck off, and the next is called", async () => {
    const project = newProject();
    const gone = new AbortController();
    const left = project.ok(
      pollTasks,
      { agent_id: "ada", agent_type: "implementation", wait_seconds: 30 },
      { signal: gone.signal },
    );
    await listening(project, "ada");
    const there = await waiter(project, "bob");
    gone.abort();
    await left;
    await vi.waitFor(() => expect(project.upstash.streams.count()).toBe(1));
    await project.task();
    expect(leaseOf(await there.answer)).toBeDefined();
    expect(await waitingAgents(project)).toEqual([]);
  });
});

test("a newer wait of the same agent ends the older, which says so", async () => {
  const project = newProject();
  const older = await waiter(project, "ada");
  const newer = begin(project, "ada");
  expect((await older.answer).next).toMatch(/newer poll_tasks/);
  await listening(project, "ada");
  const id = await project.task();
  expect(leaseOf(await newer)).toMatch(`${id}.1.`);
});

const TASKS = sized(1_000, 200);

test(
  `fifty waiters get ${TASKS} tasks that come at random moments, each once, and hardly a wake-up is in vain`,
  { timeout: 180_000 },
  async () => {
    const project = newProject();
    const chance = seeded("wake-ups");
    const taken: string[] = [];
    const looks = countLooks(project);
    project.upstash.stats.reset();
    const over = new AbortController();
    const work = async (agent_id: string): Promise<void> => {
      while (!over.signal.aborted) {
        const lease = leaseOf(await begin(project, agent_id, { wait_seconds: 5 }));
        if (lease === undefined) continue;
        taken.push(lease.slice(0, lease.indexOf(".")));
        await project.complete(lease);
      }
    };
    const agents = Array.from({ length: 50 }, (_, index) => work(`agent-${index}`));
    for (let number = 0; number < TASKS; number++) {
      await project.task();
      if (chance.happens(0.1))
        await new Promise((resolve) => setTimeout(resolve, chance.whole(0, 20)));
    }
    await vi.waitFor(() => expect(taken).toHaveLength(TASKS), { timeout: 150_000, interval: 200 });
    over.abort();
    await Promise.all(agents);
    expect(new Set(taken).size).toBe(TASKS);
    const wakes = project.upstash.stats.snapshot().inner["PUBLISH"] ?? 0;
    expect(wakes).toBeGreaterThan(TASKS / 10);
    expect(looks.useful).toBeGreaterThanOrEqual(wakes * 0.95);
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
