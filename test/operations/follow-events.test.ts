/** How the event log is followed: what a quiet or a deaf reader is told, in a time that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Followed, followEvents } from "../../src/operations/follow-events.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Begins to follow. */
async function follow({ store }: Project, wanted: string, after?: string) {
  const gone = new AbortController();
  const steps = followEvents(store.events, {
    isWanted: ({ type }) => type === wanted,
    signal: gone.signal,
    ...(after !== undefined && { after }),
  });
  const next = async (): Promise<Followed | undefined> => (await steps.next()).value ?? undefined;
  expect((await next())?.kind).toBe("start");
  return { next, gone };
}

/** Lets time pass until the reader, who sleeps for five seconds at most, is told something. */
async function told(step: Promise<Followed | undefined>): Promise<Followed | undefined> {
  for (;;) {
    const soon = new Promise<"not yet">((resolve) => setImmediate(() => resolve("not yet")));
    const said = await Promise.race([step, soon]);
    if (said !== "not yet") return said;
    if (vi.getTimerCount() > 0) await vi.advanceTimersByTimeAsync(5_000);
  }
}

test("among much that a reader does not want it is told now and then that the stream lives", async () => {
  const project = newProject();
  const { next, gone } = await follow(project, "task.failed");
  expect((await told(next()))?.kind).toBe("quiet");
  for (let round = 0; round < 3; round++) {
    const step = next();
    await project.task();
    vi.setSystemTime(Date.now() + 6_000);
    await project.task();
    expect((await step)?.kind).toBe("quiet");
  }
  gone.abort();
  expect(await next()).toBeUndefined();
});

test.each([
  ["task.created", ["events", "quiet"]],
  ["task.failed", ["quiet"]],
])(
  "who resumes is told %s, and at once that this was all, without a time passing",
  async (wanted, kinds) => {
    const project = newProject();
    await project.task();
    const missed = await project.store.events.edges({ listen_ms: 0 });
    await project.task();
    const { next, gone } = await follow(project, wanted, missed.newest);
    const steps: Followed[] = [];
    for (const _ of kinds) {
      const step = await next();
      if (step) steps.push(step);
    }
    expect(steps.map(({ kind }) => kind)).toEqual(kinds);
    const { newest } = await project.store.events.edges({ listen_ms: 0 });
    expect(steps.at(-1)).toEqual({ kind: "quiet", at: newest });
    gone.abort();
    expect(await next()).toBeUndefined();
  },
);

test("with every message dropped, what happened is told by the look after a minute", async () => {
  const project = newProject();
  project.upstash.faults.add({ kind: "drop-message" });
  const { next, gone } = await follow(project, "task.created");
  expect((await told(next()))?.kind).toBe("quiet");
  await project.task();
  let step = await told(next());
  for (let quiet = 1; step?.kind === "quiet"; quiet++) {
    expect(quiet * 5).toBeLessThanOrEqual(60);
    step = await told(next());
  }
  expect(step?.kind).toBe("events");
  gone.abort();
  expect(await next()).toBeUndefined();
});

test("a stream ends after its time, however much happens", async () => {
  const project = newProject();
  const { next } = await follow(project, "task.created");
  await project.task();
  expect((await next())?.kind).toBe("events");
  vi.setSystemTime(Date.now() + 300_000);
  await project.task();
  expect(await next()).toBeUndefined();
});
