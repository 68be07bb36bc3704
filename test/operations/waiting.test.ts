/** A poll that waits: woken by new work, by its own deadline, by the client's end; never a loop of questions. */
import { describe, expect, test } from "vitest";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type CallOptions, type Project, useProjects } from "../support/project.ts";
import { eventually } from "../support/eventually.ts";
import { sleeper } from "../support/sleepers.ts";

const newProject = useProjects();

interface Wait {
  readonly seconds?: number;
  readonly agent_id?: string;
  /** How many wait already. */
  readonly others?: number;
  readonly options?: CallOptions;
}

/** The end of a wait during which something must happen, on a slow machine too. */
const SOON = 3;

/** Begins to wait, and resolves once the waiter listens. */
async function wait(project: Project, given: Wait = {}) {
  const { seconds = 30, agent_id = "ada", others = 0, options } = given;
  await streams(project, others);
  const input = { agent_id, agent_type: "implementation", wait_seconds: seconds };
  const answer = project.ok(pollTasks, input, options);
  await streams(project, others + 1);
  return { answer };
}

/** A wait of a second; whoever looked for its stream could come too late. */
function waitInVain(project: Project) {
  const input = { agent_id: "ada", agent_type: "implementation", wait_seconds: 1 };
  return project.ok(pollTasks, input);
}

async function streams(project: Project, count: number): Promise<void> {
  await eventually(() => expect(project.upstash.streams.count()).toBe(count));
}

test("a new task wakes the waiter, and its stream is closed", async () => {
  const project = newProject();
  const { answer } = await wait(project);
  const id = await project.task();
  expect((await answer).tasks?.[0]?.lease).toMatch(`${id}.1.`);
  await streams(project, 0);
  expect(await project.audit()).toEqual([]);
});

const causes: Record<string, (project: Project) => Promise<unknown>> = {
  "a task that was released": async (project) => {
    await project.task();
    const { lease } = await project.claim("bob");
    return () => project.ok(submitResult, { lease, status: "released" });
  },
  "a dependency that completed": async (project) => {
    await project.graph({ a: [], b: ["a"] });
    const { lease } = await project.claim("bob");
    return () => project.complete(lease);
  },
  "a lock that was given back": async (project) => {
    await project.task({ options: { locks: ["src/"] } });
    const { lease } = await project.claim("bob");
    await project.task({ options: { locks: ["src/a"] } });
    return () => project.complete(lease);
  },
  "a lease that another's call found expired": async (project) => {
    await project.task();
    await project.claim("bob", { lease_seconds: 10 });
    return () => {
      project.advance(11);
      return project.poll("eve", { agent_type: "testing" });
    };
  },
};

test.each(Object.keys(causes))("%s wakes the waiter", async (name) => {
  const project = newProject();
  const happen = (await causes[name]?.(project)) as () => Promise<unknown>;
  const { answer } = await wait(project);
  await happen();
  expect((await answer).tasks).toHaveLength(1);
  expect(await project.audit()).toEqual([]);
});

test("of two waiters for one task one gets it, and the other waits on", async () => {
  const project = newProject();
  const first = await wait(project);
  const second = await wait(project, { agent_id: "bob", others: 1 });
  await project.task();
  const winner = await Promise.race([first.answer, second.answer]);
  expect(winner.tasks).toHaveLength(1);
  await project.task();
  const both = await Promise.all([first.answer, second.answer]);
  const leases = both.flatMap(({ tasks = [] }) => tasks.map(({ lease }) => lease.split(".")[0]));
  expect(new Set(leases)).toEqual(new Set(["r1t1", "r2t1"]));
});

test("a waiter whose client has gone ends, and takes nothing that comes later", async () => {
  const project = newProject();
  const gone = new AbortController();
  const { answer } = await wait(project, { options: { signal: gone.signal } });
  gone.abort();
  await answer;
  await streams(project, 0);
  const id = await project.task();
  expect((await project.record(id)).status).toBe("ready");
});

test("a wait that finds nothing says what to do next", async () => {
  const project = newProject();
  expect(await waitInVain(project)).toEqual({
    agent_id: "ada",
    timed_out: true,
    next: "Nothing yet. Call poll_tasks again.",
  });
  await streams(project, 0);
});

test.each([
  ["testing", "--agent-type testing ends"],
  ["front end", "--agent-type 'front end' ends"],
  ["it's $(id)", String.raw`--agent-type 'it'\''s $(id)' ends`],
])(
  "after ten idle minutes an agent of type %s is told a command that means just that",
  async (agent_type, command) => {
    const project = newProject();
    const asked = { agent_id: "ada", agent_type, wait_seconds: 0 };
    await project.ok(pollTasks, asked);
    project.advance(600);
    expect((await project.ok(pollTasks, asked)).next).toContain(command);
  },
);

test("a wait that finds nothing costs three polls and one stream", async () => {
  const project = newProject();
  project.upstash.stats.reset();
  await waitInVain(project);
  const { byCommand, httpRequests } = project.upstash.stats.snapshot();
  expect(byCommand["EVALSHA"]).toBeLessThanOrEqual(4);
  expect(httpRequests).toBeLessThanOrEqual(6);
});

describe("when the stream ends under a waiter", () => {
  test("it does not ask over and over", async () => {
    const project = newProject();
    project.upstash.stats.reset();
    const { answer } = await wait(project, { seconds: SOON });
    project.upstash.streams.close();
    expect((await answer).timed_out).toBe(true);
    expect(project.upstash.stats.snapshot().httpRequests).toBeLessThan(20);
  });

  test("a task that comes later reaches it", async () => {
    const project = newProject();
    const { answer } = await wait(project);
    project.upstash.streams.close();
    await project.task();
    expect((await answer).tasks).toHaveLength(1);
  });
});

test("new work is announced while somebody waits for its type, and else not", async () => {
  const project = newProject();
  const announcedBy = async (act: () => Promise<unknown>): Promise<number> => {
    project.upstash.stats.reset();
    await act();
    return project.upstash.stats.snapshot().inner["PUBLISH"] ?? 0;
  };
  const create = (agent_type: string) => () => project.task({ agent_type });
  expect(await announcedBy(create("testing"))).toBe(0);
  const { answer } = await sleeper(project, "ada");
  expect(await announcedBy(create("testing"))).toBe(0);
  expect(await announcedBy(create("implementation"))).toBe(1);
  expect((await answer).tasks).toHaveLength(1);
});

test("a wake-up that is lost costs time and no work", async () => {
  const project = newProject();
  project.upstash.faults.add({ kind: "drop-message" });
  const { answer } = await wait(project, { seconds: SOON });
  await project.task();
  expect((await answer).tasks).toHaveLength(1);
});
